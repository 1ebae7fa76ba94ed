# Notices to registrants. None holds a value of the registrant or of the requester.

n0_step_up_registrant =
    .version = 1
    .subject = { $domain }: confirm what you asked for
    .body =
        { hello-registrant }

        On your page somebody asked to do something that binds you. If it was you, open this link within 30 minutes to confirm that you read this mailbox:

        { $link }

        If it was not you, do nothing: nothing happens then. Please tell us, so that we can look into it.

        { sign }

n3_demand =
    .version = 1
    .subject = { $domain }: a claim against us, and what we ask of you by a set time
    .body =
        { hello-registrant }

        Somebody threatens legal action, or has taken it, that involves us because the registrant of { $domain } is not publicly named. In this matter we have not given your data to anybody. We have not found that the claim is true, and this message does not accuse you of anything.

        Our terms let us ask you for two assurances. They are separate, and each is looked at by itself:

        1. Your promise to indemnify us for this one claim, on the form shown on your page.

        2. Your written confirmation that you contacted the complainant and gave them contact details, your own or those of a lawyer, with proof of it. A message that we pass on for you counts as proof.

        Your time to answer begins when this message has reached you. Another message then names the exact moment at which it ends, and so does your page.

        The claim, without what is confidential to the complainant, is on your page. There you can choose:

        A. Give both assurances.
        B. Object, with reasons and whatever supports them.
        C. Have us name a lawyer or another contact of yours to the complainant.
        D. End the privacy service for this name yourself, which makes your data public.
        E. Give up the domain name, unless it is locked or kept for a proceeding.
        F. Tell us that disclosure would put you or others in danger.

        { page-registrant }

        What may follow: if the time passes and an assurance is missing, nothing happens by itself. People then look at your reasons and at the claim. They may find a breach of the terms, or may find none. If they find one, they may give you more time, give the complainant the contact that you named, give them contact details of yours, take the domain name out of the DNS for a time, or do nothing. Each of these would be a decision of its own, with reasons, and you would be told before it is carried out unless a law forbids that.

        If the time is too short, ask for more before it ends and say why. You can take legal advice first; this message is no legal advice. What you write is considered before anything is decided. To promise an indemnity is no admission of wrongdoing, and not to promise it proves nothing by itself.

        { arbitration }

        { sign }

n3_demand_post =
    .version = 1
    .subject = { $domain }: a letter from us is on its way
    .body =
        { hello-registrant }

        An important message about this name could not be delivered to you by mail, so that we also send it by post to the address that we have for you. Somebody makes a claim in which we ask you to answer. Your time to answer begins some days after the letter was posted, or when it is proven that a message reached you; your page names the exact moment at which it ends.

        { confirm-receipt }

        You can then read the whole message, object, ask for more time and say why, or name a lawyer. You can take legal advice first. If nobody answers, people may decide without knowing your side; nothing is decided by the passing of time alone.

        { sign }

n3_notice =
    .version = 1
    .subject = { $domain }: somebody asks who holds this name
    .body =
        { hello-registrant }

        Somebody who says that a right of theirs is affected asks us for data about the registrant of { $domain }. In this matter nothing was given, and nothing is decided. They ask for:

        { $fields }

        The request and the ground that it names are on your page. Your time to answer begins when this message has reached you. Another message then names the exact moment at which it ends, and so does your page.

        { page-registrant }

        { options-registrant }

        What may follow: people weigh the request against your interests and rights. They may refuse it, may pass on a message only, or may give some or all of that data to the requester alone, for the matter that the request is about. You would be told before anything is given, unless a law forbids that. If you do not answer, the decision is made on what we know; silence counts neither as consent nor as guilt.

        { sign }

n3_order_notice =
    .version = 1
    .subject = { $domain }: we received an order to give data
    .body =
        { hello-registrant }

        We were served with a paper that may oblige us to give data about the registrant of { $domain }. It is of this kind:

        { $instrument }

        It asks for:

        { $fields }

        On this paper nothing was given yet. You can ask the court or authority that issued it to set it aside, to narrow it or to protect the data. If you do so, send us proof of it; we may then wait for the ruling. Your time to answer begins when this message has reached you. Another message then names the exact moment at which it ends, and so does your page.

        { page-registrant }

        { options-registrant }

        What may follow: if the paper is valid and no court stops it, we may have to give what it names, and no more than that. If it is not valid, we may refuse or contest it.

        { sign }

n3_window =
    .version = 1
    .subject = { $domain }: the time for your answer has begun
    .body =
        { hello-registrant }

        Our demand reached you, and so your time runs.

        Please tell us what you intend to do by { $intent_due }.

        Both assurances, the promise to indemnify and the confirmation that you contacted the complainant, should reach us by { $assurances_due }.

        { page-registrant }

        { options-registrant }

        If the time passes and an assurance is missing, nothing happens by itself. People then look at your reasons and at the claim. They may find a breach of the terms or none; data may be given to the complainant or the name may be taken out of the DNS, each only by a decision of its own, or nothing may follow.

        { sign }

n3_time_runs =
    .version = 1
    .subject = { $domain }: your time to answer has begun
    .body =
        { hello-registrant }

        Our notice reached you, and so your time runs. Your answer should reach us by { $due }.

        { page-registrant }

        { options-registrant }

        If the time passes, people may decide without knowing your side. Nothing is decided by the passing of time alone.

        { sign }

n4_reminder =
    .version = 1
    .subject = { $domain }: your answer is still open
    .body =
        { hello-registrant }

        We wrote to you about a request that concerns you. Your answer is still open and should reach us by { $due }.

        { page-registrant }

        { options-registrant }

        If the time passes, people may decide without knowing your side. Nothing is decided by the passing of time alone.

        { sign }

n5_final_reminder =
    .version = 1
    .subject = { $domain }: last reminder before your time to answer ends
    .body =
        { hello-registrant }

        This is our last reminder. Your answer should reach us by { $due }. If you need more time, ask for it before then and say why.

        { page-registrant }

        { options-registrant }

        After that time people may decide on what they know. A breach of the terms may be found or may not; data may be given to the requester or may not. Nothing is decided by the passing of time alone.

        { sign }

n6_extended =
    .version = 1
    .subject = { $domain }: you have more time to answer
    .body =
        { hello-registrant }

        You have more time. Your answer should now reach us by { $due }.

        { page-registrant }

        { options-registrant }

        If that time passes, people may decide without knowing your side.

        { sign }

n6_no_more_time =
    .version = 1
    .subject = { $domain }: your time to answer stays as it is
    .body =
        { hello-registrant }

        You asked for more time. We considered your reasons and can not give it. Your answer should reach us by { $due }, as before. The reasons are on your page.

        { page-registrant }

        { options-registrant }

        If the time passes, people may decide without knowing your side. Nothing is decided by the passing of time alone.

        { arbitration }

        { sign }

n8_prerelease =
    .version = 1
    .subject = { $domain }: data about you may be given to the requester
    .body =
        { hello-registrant }

        After looking at the request and at what you told us, people here decided that this data is to be given to the requester, and to nobody else:

        { $fields }

        It will not be given before { $release_not_before }. The reasons are on your page.

        { page-registrant }

        { appeal-page } If you ask before the data is given, it is not given until they have decided. You can also turn to a court in the meantime, and take legal advice; this message is no legal advice.

        { arbitration }

        { sign }

n8_shortened =
    .version = 1
    .subject = { $domain }: data about you may be given earlier than you were told
    .body =
        { hello-registrant }

        A court or an authority has set a date that comes before the time that we told you of, or would have told you of, is over. Therefore this data may be given before that:

        { $fields }

        It goes to whoever the order names, and to nobody else. The date and the reasons are on your page. If you want to ask the court or authority to stop it, or us to reconsider it, do so at once and send us proof of it: while nothing has been given it may still be stopped. You can take legal advice; this message is no legal advice.

        { page-registrant }

        { arbitration }

        { sign }

n8_predeactivation =
    .version = 1
    .subject = { $domain }: the name may be taken out of the DNS
    .body =
        { hello-registrant }

        After looking at the claim and at what you told us, people here decided that { $domain } is to be taken out of the DNS. Web pages, mail and everything else under the name would stop working. It can be undone, and you keep the name. This decision gives no data to anybody.

        It will not be done before { $deactivation_not_before }. The reasons are on your page.

        { page-registrant }

        { appeal-page } If you ask before it is done, it is not done until they have decided. You can also turn to a court in the meantime, and take legal advice; this message is no legal advice. If you can still give what was asked of you, do it now: it will be considered.

        { arbitration }

        { sign }

n8_breach =
    .version = 1
    .subject = { $domain }: a breach of the terms was found
    .body =
        { hello-registrant }

        Two people found that the assurances that we asked you for were not given, and that this is a breach of the terms of the privacy service. The reasons are on your page. In this matter nothing was given to anybody, and the name was not touched. What follows from it, if anything, would be a decision of its own; you may be told of it before it is carried out.

        { page-registrant }

        { options-registrant }

        { appeal-page }

        { arbitration }

        { sign }

n8_no_breach =
    .version = 1
    .subject = { $domain }: no breach of the terms was found
    .body =
        { hello-registrant }

        We looked at whether the assurances that we asked you for are owed, and found no breach of the terms. In this matter nothing was given to anybody, and the name was not touched. If the claim goes on, we may write to you again. The reasons are on your page, where you can also object, ask for time or name a lawyer.

        { page-registrant }

        { arbitration }

        { sign }

n8_refused =
    .version = 1
    .subject = { $domain }: the request about your name was refused
    .body =
        { hello-registrant }

        The request about { $domain } that we wrote to you about was refused. In this matter nothing was given, and the name was not touched. The requester may ask for reconsideration or turn to a court; should that concern you, we may write to you again, and you may object then as before. You need not do anything.

        { confirm-receipt }

        { arbitration }

        { sign }

n8_resolved =
    .version = 1
    .subject = { $domain }: both assurances are good
    .body =
        { hello-registrant }

        Both assurances that you gave were found good. For this claim we give no data and do nothing to the name: the matter is between you and the complainant. We keep the indemnity on file and may look once more, in some weeks, whether the matter rests. A new claim would be a new matter, of which you would hear from us. You need not do anything.

        { confirm-receipt }

        { arbitration }

        { sign }

n9_disclosed =
    .version = 1
    .subject = { $domain }: data about you was given to somebody
    .body =
        { hello-registrant }

        Data about you was given. These are its kinds:

        { $fields }

        It went to:

        { $recipient }

        The ground on which it was given:

        { $basis }

        { data-elsewhere } On your page you see what was given, and the terms that the recipient accepted: to use it for this matter alone, to keep it safe, and to erase it by a set date. If you think that it was misused, or that it is wrong, tell us there. You can object to further use, ask for time to be heard, and take legal advice; this message is no legal advice.

        { page-registrant }

        { arbitration }

        { sign }

n9_deactivated =
    .version = 1
    .subject = { $domain }: the name was taken out of the DNS
    .body =
        { hello-registrant }

        { $domain } was taken out of the DNS. Web pages, mail and everything else under the name may not work now. It can be undone, and you keep the name. No data was given to anybody by this. The reasons are on your page.

        { page-registrant }

        { appeal } If the decision is reversed, or if what it rests on falls away, the name may be put back at once. You can take legal advice; this message is no legal advice.

        { arbitration }

        { sign }

n9_restored =
    .version = 1
    .subject = { $domain }: the name is back in the DNS
    .body =
        { hello-registrant }

        { $domain } was put back into the DNS. It may take some hours until every server sees it. If something does not work then, tell us or your registrar. You need not do anything else.

        { confirm-receipt }

        { arbitration }

        { sign }

n11_appeal_registrant =
    .version = 1
    .subject = { $domain }: how to have the decision looked at again
    .body =
        { hello-registrant }

        We made a decision that concerns you; you find it with its reasons on your page.

        { page-registrant }

        { appeal-page } It may be that there is no further reconsideration of this decision; your page says so then. Say what you think is wrong, and add what supports it. You can take legal advice and let a lawyer write for you; this message is no legal advice. If nobody asks in time, the decision may be carried out.

        { arbitration }

        { sign }

n12_gag_lifted =
    .version = 1
    .subject = { $domain }: what we were not allowed to tell you until now
    .body =
        { hello-registrant }

        Until now we were barred by law from telling you of a request about you. That has ended, and so we tell you.

        { data-elsewhere } What was asked, whether anything was given, on what ground and to whom, is on your page as far as we may show it. You can object there to further use, tell us that something is wrong, or name a lawyer. You may have a remedy before the court or authority that issued the order; legal advice may help. This message is no legal advice.

        { page-registrant }

        { arbitration }

        { sign }

n13_reconsidered_registrant =
    .version = 1
    .subject = { $domain }: what came of the reconsideration
    .body =
        { hello-registrant }

        People who took no part in the first decision looked at it again. This came of it:

        { $verdict }

        The reasons are on your page. If the decision stands, it may be carried out from now on; if it was reversed, what was done to the name may be undone at once. You can turn to a court and take legal advice; this message is no legal advice.

        { page-registrant }

        { arbitration }

        { sign }

n15_incident =
    .version = 1
    .subject = { $domain }: data about you was given without a ground
    .body =
        { hello-registrant }

        Data about you was given although it should not have been. We are sorry. Of which kinds it is, and to whom it went, is on your page.

        We asked for it to be erased and look into how it came about. What we know, and what we do about it, is on your page. Somebody may try to use such data: be careful with calls, letters and messages that refer to it. If you fear for your safety, tell us at once. You can object, ask us for help and take legal advice; this message is no legal advice. You may also have a right to compensation.

        { data-elsewhere }

        { page-registrant }

        { arbitration }

        { sign }

n16_was_i_disclosed =
    .version = 1
    .subject = { $domain }: your question whether data was given
    .body =
        { hello-registrant }

        You asked whether data about you was given to somebody. Whoever asks gets this same answer from us, whatever the case:

        We tell registrants of a disclosure as soon as we may. Sometimes a law or a court forbids us for a time to tell, and then it forbids us as well to say that it does. So this answer means neither that something was given, nor that nothing was. What we may show today is on your page; what comes to it later, we tell you of our own accord.

        { page-registrant }

        You can object on your page to the use of your data and name a lawyer who speaks for you. You can take legal advice; this message is no legal advice.

        { arbitration }

        { sign }

n17_verify_email =
    .version = 1
    .subject = { $domain }: please confirm your e-mail address
    .body =
        { hello-letter }

        This e-mail address was given to us as yours. Rules for domain names ask that a registrant confirms the address. Please open this link and press the button there by { $due }:

        { $link }

        Your address stays hidden: to confirm it publishes nothing. It counts for your other names with the same registrar and the same address as well.

        If the address is not confirmed by then, your registrar is told, and may ask you in another way or suspend the name. If you do not know of this domain name, do nothing.

        { sign }

n17_verify_email_reminder =
    .version = 1
    .subject = { $domain }: your e-mail address is not confirmed yet
    .body =
        { hello-letter }

        Some days ago we asked you to confirm this e-mail address, and have no answer yet. Please open this link and press the button there by { $due }:

        { $link }

        Your address stays hidden: to confirm it publishes nothing. This is the only reminder.

        If the address is not confirmed by then, your registrar is told, and may ask you in another way or suspend the name. If you do not know of this domain name, do nothing.

        { sign }
