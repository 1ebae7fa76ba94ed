# Letters: notices to registrants that belong to no case. None holds a value of the registrant.

n18_publication =
    .version = 1
    .subject = { $domain }: data about you is going to be public
    .body =
        { hello-letter }

        Your registrar tells us that you agreed to have data about this name shown to everybody, in WHOIS and RDAP, the public directories of domain names. It asks us to show:

        { $fields }

        The data will be shown as your registrar has it on file. It is not in this message: mail can be read on its way. We show nothing of it for the next 72 hours.

        If you agree, do nothing. If you do not agree, open this link and press the button there:

        { $link }

        If you say no within 72 hours, nothing of this is shown. If you say no later, it is taken off again. Copies that others made in the meantime we can not take back. You can also tell your registrar at any time that you do not want it any more.

        The link works once, for 14 days. If it does not work any more, write to { $office_mail } and name the reference.

        { sign }
