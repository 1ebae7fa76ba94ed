# Letters: notices to registrants that belong to no case. None holds a value of the registrant.

n18_publication =
    .version = 1
    .subject = { $domain }: Daten über Sie sollen öffentlich werden
    .body =
        { hello-letter }

        Ihr Registrar teilt uns mit, dass Sie zugestimmt haben, Daten zu diesem Namen für alle sichtbar zu machen, in WHOIS und RDAP, den öffentlichen Verzeichnissen der Domainnamen. Gezeigt werden soll:

        { $fields }

        Die Daten werden so gezeigt, wie sie Ihrem Registrar vorliegen. In dieser Nachricht stehen sie nicht: E-Mails können unterwegs gelesen werden. In den nächsten 72 Stunden zeigen wir nichts davon.

        Wenn Sie einverstanden sind, brauchen Sie nichts zu tun. Wenn nicht, öffnen Sie diesen Link und drücken Sie dort auf den Knopf:

        { $link }

        Sagen Sie binnen 72 Stunden nein, wird nichts davon gezeigt. Sagen Sie später nein, wird es wieder entfernt. Kopien, die andere bis dahin gemacht haben, können wir nicht zurückholen. Sie können auch Ihrem Registrar jederzeit sagen, dass Sie es nicht mehr wollen.

        Der Link gilt einmal und 14 Tage lang. Wenn er nicht mehr geht, schreiben Sie an { $office_mail } und nennen Sie das Zeichen.

        { sign }
