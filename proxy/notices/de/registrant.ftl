# Mitteilungen an die Inhaberseite.

n0_step_up_registrant =
    .version = 1
    .subject = { $domain }: Bestätigen Sie Ihr Anliegen
    .body =
        { hello-registrant }

        Auf Ihrer Seite wollte jemand etwas tun, das Sie bindet. Wenn Sie es waren, öffnen Sie diesen Link innerhalb von 30 Minuten und bestätigen Sie damit, dass Sie dieses Postfach lesen:

        { $link }

        Wenn Sie es nicht waren, tun Sie nichts: Dann geschieht nichts. Bitte sagen Sie es uns, damit wir der Sache nachgehen können.

        { sign }

n3_demand =
    .version = 1
    .subject = { $domain }: ein Anspruch gegen uns, und worum wir Sie bis wann bitten
    .body =
        { hello-registrant }

        Jemand droht mit rechtlichen Schritten oder hat sie eingeleitet, die uns betreffen, weil nicht öffentlich ist, auf wen { $domain } registriert ist. In dieser Sache haben wir Ihre Daten an niemanden herausgegeben. Wir haben nicht festgestellt, dass der Anspruch besteht, und diese Nachricht wirft Ihnen nichts vor.

        Nach unseren Bedingungen dürfen wir Sie um zwei Zusicherungen bitten. Sie sind voneinander getrennt, und jede wird für sich betrachtet:

        1. Ihr Versprechen, uns für diesen einen Anspruch freizustellen, auf dem Formular auf Ihrer Seite.

        2. Ihre schriftliche Bestätigung, dass Sie sich bei der Gegenseite gemeldet und ihr Kontaktdaten gegeben haben, eigene oder die eines Rechtsbeistands, mit einem Nachweis. Eine Nachricht, die wir für Sie weiterleiten, gilt als Nachweis.

        Ihre Zeit zur Antwort beginnt, wenn diese Nachricht Sie erreicht hat. Eine weitere Nachricht nennt dann den genauen Zeitpunkt, an dem sie endet; er steht auch auf Ihrer Seite.

        Der Anspruch steht, ohne das, was die Gegenseite vertraulich hält, auf Ihrer Seite. Dort können Sie wählen:

        A. Beide Zusicherungen geben.
        B. Widersprechen, mit Gründen und allem, was sie stützt.
        C. Uns der Gegenseite einen Rechtsbeistand oder eine andere Kontaktperson von Ihnen nennen lassen.
        D. Den Datenschutzdienst für diesen Namen selbst beenden; dadurch werden Ihre Daten öffentlich.
        E. Den Domainnamen aufgeben, sofern er nicht gesperrt ist oder für ein Verfahren erhalten werden muss.
        F. Uns sagen, dass eine Weitergabe Sie oder andere in Gefahr brächte.

        { page-registrant }

        Was folgen kann: Läuft die Zeit ab und fehlt eine Zusicherung, so geschieht nichts von selbst. Dann sehen sich Menschen Ihre Gründe und den Anspruch an. Sie können eine Verletzung der Bedingungen feststellen oder auch nicht. Stellen sie eine fest, so können sie Ihnen mehr Zeit geben, der Gegenseite die von Ihnen benannte Kontaktperson nennen, ihr Kontaktdaten von Ihnen geben, den Domainnamen für einige Zeit aus dem DNS nehmen oder nichts tun. Jedes davon wäre eine eigene Entscheidung mit Gründen, und Sie würden davon erfahren, bevor sie ausgeführt wird, es sei denn, ein Gesetz verbietet das.

        Wenn die Zeit zu kurz ist, bitten Sie vor ihrem Ablauf mit Begründung um mehr. Sie können sich vorher rechtlich beraten lassen; diese Nachricht ist keine Rechtsberatung. Was Sie schreiben, wird berücksichtigt, bevor etwas entschieden wird. Eine Freistellung zu versprechen ist kein Eingeständnis, und sie nicht zu versprechen beweist für sich allein nichts.

        { arbitration }

        { sign }

n3_demand_post =
    .version = 1
    .subject = { $domain }: Ein Brief von uns ist unterwegs
    .body =
        { hello-registrant }

        Eine wichtige Nachricht zu diesem Namen konnte Ihnen nicht per E-Mail zugestellt werden. Wir senden sie deshalb auch mit der Post an die Anschrift, die wir von Ihnen haben. Jemand erhebt einen Anspruch, und wir bitten Sie um eine Antwort. Ihre Zeit dafür beginnt einige Tage nach der Aufgabe des Briefs zur Post oder wenn nachgewiesen ist, dass eine Nachricht Sie erreicht hat; Ihre Seite nennt den genauen Zeitpunkt, an dem sie endet.

        { confirm-receipt }

        Danach können Sie die ganze Nachricht lesen, widersprechen, mit Begründung um mehr Zeit bitten oder einen Rechtsbeistand benennen. Sie können sich vorher rechtlich beraten lassen. Wenn niemand antwortet, entscheiden Menschen möglicherweise, ohne Ihre Sicht zu kennen; durch bloßen Zeitablauf wird nichts entschieden.

        { sign }

n3_notice =
    .version = 1
    .subject = { $domain }: Jemand fragt, auf wen dieser Name registriert ist
    .body =
        { hello-registrant }

        Jemand sieht sich in einem Recht betroffen und bittet uns um Daten darüber, auf wen { $domain } registriert ist. In dieser Sache wurde nichts herausgegeben, und es ist nichts entschieden. Erbeten wird:

        { $fields }

        Die Anfrage und der Grund, den sie nennt, stehen auf Ihrer Seite. Ihre Zeit zur Antwort beginnt, wenn diese Nachricht Sie erreicht hat. Eine weitere Nachricht nennt dann den genauen Zeitpunkt, an dem sie endet; er steht auch auf Ihrer Seite.

        { page-registrant }

        { options-registrant }

        Was folgen kann: Menschen wägen die Anfrage gegen Ihre Interessen und Rechte ab. Sie können sie ablehnen, nur eine Nachricht weiterleiten oder diese Daten ganz oder zum Teil allein an die anfragende Seite herausgeben, für die Sache, um die es geht. Sie würden davon erfahren, bevor etwas herausgegeben wird, es sei denn, ein Gesetz verbietet das. Wenn Sie nicht antworten, wird nach dem entschieden, was wir wissen; Schweigen gilt weder als Zustimmung noch als Schuld.

        { sign }

n3_order_notice =
    .version = 1
    .subject = { $domain }: Uns wurde eine Anordnung zugestellt
    .body =
        { hello-registrant }

        Uns wurde ein Schriftstück zugestellt, das uns verpflichten kann, Daten darüber herauszugeben, auf wen { $domain } registriert ist. Es ist von dieser Art:

        { $instrument }

        Es verlangt:

        { $fields }

        Aufgrund dieses Schriftstücks wurde noch nichts herausgegeben. Sie können das Gericht oder die Behörde, von der es stammt, bitten, es aufzuheben, einzuschränken oder die Daten zu schützen. Wenn Sie das tun, senden Sie uns einen Nachweis; dann warten wir möglicherweise die Entscheidung ab. Ihre Zeit zur Antwort beginnt, wenn diese Nachricht Sie erreicht hat. Eine weitere Nachricht nennt dann den genauen Zeitpunkt, an dem sie endet; er steht auch auf Ihrer Seite.

        { page-registrant }

        { options-registrant }

        Was folgen kann: Ist das Schriftstück wirksam und hält kein Gericht es auf, so müssen wir möglicherweise herausgeben, was es nennt, und nicht mehr als das. Ist es nicht wirksam, so können wir es zurückweisen oder anfechten.

        { sign }

n3_window =
    .version = 1
    .subject = { $domain }: Ihre Zeit zur Antwort hat begonnen
    .body =
        { hello-registrant }

        Unsere Bitte um die zwei Zusicherungen hat Sie erreicht, und so läuft Ihre Zeit.

        Bitte sagen Sie uns, was Sie vorhaben, bis { $intent_due }.

        Beide Zusicherungen, das Freistellungsversprechen und die Bestätigung, dass Sie sich bei der Gegenseite gemeldet haben, sollten uns erreichen bis { $assurances_due }.

        { page-registrant }

        { options-registrant }

        Läuft die Zeit ab und fehlt eine Zusicherung, so geschieht nichts von selbst. Dann sehen sich Menschen Ihre Gründe und den Anspruch an. Sie können eine Verletzung der Bedingungen feststellen oder auch nicht; Daten können an die Gegenseite herausgegeben oder der Name kann aus dem DNS genommen werden, beides nur durch eine eigene Entscheidung, oder es folgt möglicherweise nichts.

        { sign }

n3_time_runs =
    .version = 1
    .subject = { $domain }: Ihre Zeit zur Antwort hat begonnen
    .body =
        { hello-registrant }

        Unsere Mitteilung hat Sie erreicht, und so läuft Ihre Zeit. Ihre Antwort sollte uns erreichen bis { $due }.

        { page-registrant }

        { options-registrant }

        Läuft die Zeit ab, so entscheiden Menschen möglicherweise, ohne Ihre Sicht zu kennen. Durch bloßen Zeitablauf wird nichts entschieden.

        { sign }

n4_reminder =
    .version = 1
    .subject = { $domain }: Ihre Antwort steht noch aus
    .body =
        { hello-registrant }

        Wir haben Ihnen wegen einer Anfrage geschrieben, die Sie betrifft. Ihre Antwort steht noch aus und sollte uns erreichen bis { $due }.

        { page-registrant }

        { options-registrant }

        Läuft die Zeit ab, so entscheiden Menschen möglicherweise, ohne Ihre Sicht zu kennen. Durch bloßen Zeitablauf wird nichts entschieden.

        { sign }

n5_final_reminder =
    .version = 1
    .subject = { $domain }: letzte Erinnerung, bevor Ihre Zeit zur Antwort endet
    .body =
        { hello-registrant }

        Dies ist unsere letzte Erinnerung. Ihre Antwort sollte uns erreichen bis { $due }. Wenn Sie mehr Zeit brauchen, bitten Sie vorher mit Begründung darum.

        { page-registrant }

        { options-registrant }

        Danach entscheiden Menschen möglicherweise nach dem, was sie wissen. Eine Verletzung der Bedingungen kann festgestellt werden oder auch nicht; Daten können an die anfragende Seite herausgegeben werden oder auch nicht. Durch bloßen Zeitablauf wird nichts entschieden.

        { sign }

n6_extended =
    .version = 1
    .subject = { $domain }: Sie haben mehr Zeit zur Antwort
    .body =
        { hello-registrant }

        Sie haben mehr Zeit. Ihre Antwort sollte uns nun erreichen bis { $due }.

        { page-registrant }

        { options-registrant }

        Läuft diese Zeit ab, so entscheiden Menschen möglicherweise, ohne Ihre Sicht zu kennen.

        { sign }

n6_no_more_time =
    .version = 1
    .subject = { $domain }: Ihre Zeit zur Antwort bleibt, wie sie ist
    .body =
        { hello-registrant }

        Sie haben um mehr Zeit gebeten. Wir haben Ihre Gründe geprüft und können sie Ihnen nicht gewähren. Ihre Antwort sollte uns wie bisher erreichen bis { $due }. Die Gründe stehen auf Ihrer Seite.

        { page-registrant }

        { options-registrant }

        Läuft die Zeit ab, so entscheiden Menschen möglicherweise, ohne Ihre Sicht zu kennen. Durch bloßen Zeitablauf wird nichts entschieden.

        { arbitration }

        { sign }

n8_prerelease =
    .version = 1
    .subject = { $domain }: Daten über Sie können an die anfragende Seite herausgegeben werden
    .body =
        { hello-registrant }

        Nach Prüfung der Anfrage und dessen, was Sie uns gesagt haben, wurde hier von Menschen entschieden, dass diese Daten an die anfragende Seite herausgegeben werden sollen und an niemanden sonst:

        { $fields }

        Sie werden nicht herausgegeben vor { $release_not_before }. Die Gründe stehen auf Ihrer Seite.

        { page-registrant }

        { appeal-page } Bitten Sie darum, bevor die Daten herausgegeben sind, so werden sie nicht herausgegeben, bis darüber entschieden ist. Sie können sich in der Zwischenzeit auch an ein Gericht wenden und sich rechtlich beraten lassen; diese Nachricht ist keine Rechtsberatung.

        { arbitration }

        { sign }

n8_shortened =
    .version = 1
    .subject = { $domain }: Daten über Sie können früher herausgegeben werden als angekündigt
    .body =
        { hello-registrant }

        Ein Gericht oder eine Behörde hat einen Termin gesetzt, der vor dem Ende der Zeit liegt, die wir Ihnen genannt haben oder genannt hätten. Deshalb können diese Daten vorher herausgegeben werden:

        { $fields }

        Sie gehen an die Stelle, die die Anordnung nennt, und an niemanden sonst. Der Termin und die Gründe stehen auf Ihrer Seite. Wenn Sie das Gericht oder die Behörde bitten wollen, es aufzuhalten, oder uns um erneute Prüfung, tun Sie es sofort und senden Sie uns einen Nachweis: Solange nichts herausgegeben ist, lässt es sich möglicherweise noch aufhalten. Sie können sich rechtlich beraten lassen; diese Nachricht ist keine Rechtsberatung.

        { page-registrant }

        { arbitration }

        { sign }

n8_predeactivation =
    .version = 1
    .subject = { $domain }: Der Name kann aus dem DNS genommen werden
    .body =
        { hello-registrant }

        Nach Prüfung des Anspruchs und dessen, was Sie uns gesagt haben, wurde hier von Menschen entschieden, dass { $domain } aus dem DNS genommen werden soll. Webseiten, E-Mail und alles andere unter dem Namen würden dann nicht mehr funktionieren. Das lässt sich rückgängig machen, und der Name bleibt Ihnen. Durch diese Entscheidung werden an niemanden Daten herausgegeben.

        Es geschieht nicht vor { $deactivation_not_before }. Die Gründe stehen auf Ihrer Seite.

        { page-registrant }

        { appeal-page } Bitten Sie darum, bevor es geschehen ist, so geschieht es nicht, bis darüber entschieden ist. Sie können sich in der Zwischenzeit auch an ein Gericht wenden und sich rechtlich beraten lassen; diese Nachricht ist keine Rechtsberatung. Wenn Sie noch geben können, worum Sie gebeten wurden, tun Sie es jetzt: Es wird berücksichtigt.

        { arbitration }

        { sign }

n8_breach =
    .version = 1
    .subject = { $domain }: Eine Verletzung der Bedingungen wurde festgestellt
    .body =
        { hello-registrant }

        Zwei Menschen haben festgestellt, dass die Zusicherungen, um die wir Sie gebeten hatten, nicht gegeben wurden und dass darin eine Verletzung der Bedingungen des Datenschutzdienstes liegt. Die Gründe stehen auf Ihrer Seite. In dieser Sache wurde an niemanden etwas herausgegeben, und der Name blieb unberührt. Was daraus folgt, falls etwas folgt, wäre eine eigene Entscheidung; davon erfahren Sie möglicherweise, bevor sie ausgeführt wird.

        { page-registrant }

        { options-registrant }

        { appeal-page }

        { arbitration }

        { sign }

n8_no_breach =
    .version = 1
    .subject = { $domain }: Es wurde keine Verletzung der Bedingungen festgestellt
    .body =
        { hello-registrant }

        Wir haben geprüft, ob die Zusicherungen geschuldet sind, um die wir Sie gebeten hatten, und keine Verletzung der Bedingungen festgestellt. In dieser Sache wurde an niemanden etwas herausgegeben, und der Name blieb unberührt. Wird der Anspruch weiter verfolgt, so schreiben wir Ihnen möglicherweise wieder. Die Gründe stehen auf Ihrer Seite; dort können Sie auch widersprechen, um Zeit bitten oder einen Rechtsbeistand benennen.

        { page-registrant }

        { arbitration }

        { sign }

n8_refused =
    .version = 1
    .subject = { $domain }: Die Anfrage zu Ihrem Namen wurde abgelehnt
    .body =
        { hello-registrant }

        Die Anfrage zu { $domain }, wegen der wir Ihnen geschrieben hatten, wurde abgelehnt. In dieser Sache wurde nichts herausgegeben, und der Name blieb unberührt. Die anfragende Seite kann um erneute Prüfung bitten oder sich an ein Gericht wenden; betrifft Sie das, so schreiben wir Ihnen möglicherweise wieder, und Sie können dann wie bisher widersprechen. Sie brauchen nichts zu tun.

        { confirm-receipt }

        { arbitration }

        { sign }

n8_resolved =
    .version = 1
    .subject = { $domain }: Beide Zusicherungen sind in Ordnung
    .body =
        { hello-registrant }

        Beide Zusicherungen, die Sie gegeben haben, sind in Ordnung. Für diesen Anspruch geben wir keine Daten heraus und lassen den Namen unangetastet: Die Sache liegt zwischen Ihnen und der Gegenseite. Das Freistellungsversprechen bewahren wir auf, und in einigen Wochen sehen wir möglicherweise noch einmal nach, ob die Sache ruht. Ein neuer Anspruch wäre eine neue Sache, von der Sie von uns hören würden. Sie brauchen nichts zu tun.

        { confirm-receipt }

        { arbitration }

        { sign }

n9_disclosed =
    .version = 1
    .subject = { $domain }: Daten über Sie wurden herausgegeben
    .body =
        { hello-registrant }

        Es wurden Daten über Sie herausgegeben. Sie sind von dieser Art:

        { $fields }

        Sie gingen an:

        { $recipient }

        Der Grund, aus dem sie herausgegeben wurden:

        { $basis }

        { data-elsewhere } Auf Ihrer Seite sehen Sie, was herausgegeben wurde, und die Bedingungen, die dafür angenommen wurden: die Daten nur für diese Sache zu benutzen, sie zu schützen und sie bis zu einem festen Tag zu löschen. Wenn Sie meinen, dass sie missbraucht wurden oder falsch sind, sagen Sie es uns dort. Sie können einer weiteren Nutzung widersprechen, um Zeit für eine Stellungnahme bitten und sich rechtlich beraten lassen; diese Nachricht ist keine Rechtsberatung.

        { page-registrant }

        { arbitration }

        { sign }

n9_deactivated =
    .version = 1
    .subject = { $domain }: Der Name wurde aus dem DNS genommen
    .body =
        { hello-registrant }

        { $domain } wurde aus dem DNS genommen. Webseiten, E-Mail und alles andere unter dem Namen funktionieren jetzt möglicherweise nicht mehr. Das lässt sich rückgängig machen, und der Name bleibt Ihnen. Dadurch wurden an niemanden Daten herausgegeben. Die Gründe stehen auf Ihrer Seite.

        { page-registrant }

        { appeal } Wird die Entscheidung aufgehoben oder fällt weg, worauf sie beruht, so kann der Name sofort wieder eingesetzt werden. Sie können sich rechtlich beraten lassen; diese Nachricht ist keine Rechtsberatung.

        { arbitration }

        { sign }

n9_restored =
    .version = 1
    .subject = { $domain }: Der Name ist wieder im DNS
    .body =
        { hello-registrant }

        { $domain } wurde wieder in das DNS eingesetzt. Es kann einige Stunden dauern, bis jeder Server das sieht. Wenn danach etwas nicht funktioniert, sagen Sie es uns oder Ihrem Registrar. Sonst brauchen Sie nichts zu tun.

        { confirm-receipt }

        { arbitration }

        { sign }

n11_appeal_registrant =
    .version = 1
    .subject = { $domain }: wie Sie die Entscheidung erneut prüfen lassen können
    .body =
        { hello-registrant }

        Wir haben eine Entscheidung getroffen, die Sie betrifft; Sie finden sie mit ihren Gründen auf Ihrer Seite.

        { page-registrant }

        { appeal-page } Möglicherweise gibt es gegen diese Entscheidung keine weitere Prüfung mehr; das steht dann auf Ihrer Seite. Sagen Sie, was Sie für falsch halten, und fügen Sie bei, was das stützt. Sie können sich rechtlich beraten und einen Rechtsbeistand für Sie schreiben lassen; diese Nachricht ist keine Rechtsberatung. Bittet niemand rechtzeitig darum, so kann die Entscheidung ausgeführt werden.

        { arbitration }

        { sign }

n12_gag_lifted =
    .version = 1
    .subject = { $domain }: was wir Ihnen bisher nicht sagen durften
    .body =
        { hello-registrant }

        Bisher durften wir Ihnen von Rechts wegen nichts von einer Anfrage über Sie sagen. Das ist vorbei, und so sagen wir es Ihnen.

        { data-elsewhere } Was gefragt wurde, ob etwas herausgegeben wurde, aus welchem Grund und wem, steht auf Ihrer Seite, soweit wir es zeigen dürfen. Dort können Sie einer weiteren Nutzung widersprechen, uns sagen, dass etwas falsch ist, oder einen Rechtsbeistand benennen. Möglicherweise steht Ihnen ein Rechtsmittel bei dem Gericht oder der Behörde offen, von der die Anordnung stammt; rechtlicher Rat kann helfen. Diese Nachricht ist keine Rechtsberatung.

        { page-registrant }

        { arbitration }

        { sign }

n13_reconsidered_registrant =
    .version = 1
    .subject = { $domain }: das Ergebnis der erneuten Prüfung
    .body =
        { hello-registrant }

        Menschen, die an der ersten Entscheidung nicht beteiligt waren, haben sie noch einmal angesehen. Das Ergebnis:

        { $verdict }

        Die Gründe stehen auf Ihrer Seite. Bleibt die Entscheidung, so kann sie von jetzt an ausgeführt werden; wurde sie aufgehoben, so kann sofort rückgängig gemacht werden, was mit dem Namen geschehen ist. Sie können sich an ein Gericht wenden und sich rechtlich beraten lassen; diese Nachricht ist keine Rechtsberatung.

        { page-registrant }

        { arbitration }

        { sign }

n15_incident =
    .version = 1
    .subject = { $domain }: Daten über Sie wurden ohne Rechtsgrund herausgegeben
    .body =
        { hello-registrant }

        Es wurden Daten über Sie herausgegeben, obwohl das nicht hätte geschehen dürfen. Das tut uns leid. Von welcher Art sie sind und an wen sie gingen, steht auf Ihrer Seite.

        Wir haben um ihre Löschung gebeten und gehen der Ursache nach. Was wir wissen und was wir tun, steht auf Ihrer Seite. Jemand könnte versuchen, solche Daten zu benutzen: Seien Sie vorsichtig bei Anrufen, Briefen und Nachrichten, die sich darauf beziehen. Wenn Sie um Ihre Sicherheit fürchten, sagen Sie es uns sofort. Sie können widersprechen, uns um Hilfe bitten und sich rechtlich beraten lassen; diese Nachricht ist keine Rechtsberatung. Möglicherweise haben Sie auch Anspruch auf Schadenersatz.

        { data-elsewhere }

        { page-registrant }

        { arbitration }

        { sign }

n16_was_i_disclosed =
    .version = 1
    .subject = { $domain }: Ihre Frage, ob Daten herausgegeben wurden
    .body =
        { hello-registrant }

        Sie haben gefragt, ob Daten über Sie an jemanden herausgegeben wurden. Wer fragt, bekommt von uns stets dieselbe Antwort, wie der Fall auch liegt:

        Wir sagen Betroffenen von einer Weitergabe, sobald wir es dürfen. Manchmal verbietet uns ein Gesetz oder ein Gericht das für einige Zeit, und dann dürfen wir auch nicht sagen, dass es so ist. Diese Antwort bedeutet also weder, dass etwas herausgegeben wurde, noch, dass nichts herausgegeben wurde. Was wir heute zeigen dürfen, steht auf Ihrer Seite; was später hinzukommt, teilen wir Ihnen von uns aus mit.

        { page-registrant }

        Auf Ihrer Seite können Sie der Nutzung Ihrer Daten widersprechen und einen Rechtsbeistand benennen, der für Sie spricht. Sie können sich rechtlich beraten lassen; diese Nachricht ist keine Rechtsberatung.

        { arbitration }

        { sign }

n17_verify_email =
    .version = 1
    .subject = { $domain }: Bitte bestätigen Sie Ihre E-Mail-Adresse
    .body =
        { hello-letter }

        Diese E-Mail-Adresse wurde uns als Ihre genannt. Regeln für Domainnamen verlangen, dass Inhaber die Adresse bestätigen. Bitte öffnen Sie diesen Link und drücken Sie dort den Knopf, spätestens bis { $due }:

        { $link }

        Ihre Adresse bleibt verborgen: Mit der Bestätigung wird nichts veröffentlicht. Sie gilt auch für Ihre anderen Namen beim selben Registrar mit derselben Adresse.

        Ist die Adresse bis dahin nicht bestätigt, erfährt das Ihr Registrar; er kann Sie auf anderem Weg fragen oder den Namen sperren. Wenn Sie diesen Domainnamen nicht kennen, tun Sie nichts.

        { sign }

n17_verify_email_reminder =
    .version = 1
    .subject = { $domain }: Ihre E-Mail-Adresse ist noch nicht bestätigt
    .body =
        { hello-letter }

        Vor einigen Tagen haben wir Sie gebeten, diese E-Mail-Adresse zu bestätigen, und noch keine Antwort. Bitte öffnen Sie diesen Link und drücken Sie dort den Knopf, spätestens bis { $due }:

        { $link }

        Ihre Adresse bleibt verborgen: Mit der Bestätigung wird nichts veröffentlicht. Dies ist die einzige Erinnerung.

        Ist die Adresse bis dahin nicht bestätigt, erfährt das Ihr Registrar; er kann Sie auf anderem Weg fragen oder den Namen sperren. Wenn Sie diesen Domainnamen nicht kennen, tun Sie nichts.

        { sign }
