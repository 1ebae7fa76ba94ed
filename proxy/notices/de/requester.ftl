# Mitteilungen an die anfragende Seite.

n0_step_up_requester =
    .version = 1
    .subject = { $domain }: Bestätigen Sie Ihr Anliegen
    .body =
        { hello-requester }

        Auf Ihrer Seite wollte jemand etwas tun, das Sie bindet. Wenn Sie es waren, öffnen Sie diesen Link innerhalb von 30 Minuten und bestätigen Sie damit, dass Sie dieses Postfach lesen:

        { $link }

        Wenn Sie es nicht waren, tun Sie nichts: Dann geschieht nichts. Bitte sagen Sie es uns, damit wir der Sache nachgehen können.

        { sign }

n1_acknowledgement =
    .version = 1
    .subject = { $domain }: Ihre Anfrage ist bei uns
    .body =
        { hello-requester }

        Ihre Anfrage ist bei uns und wird bearbeitet, wie es unsere Pflichten vorsehen. { no-identity }

        { $items_count ->
            [0] Soweit wir sehen, enthält sie, was wir brauchen. Möglicherweise haben wir noch Fragen.
           *[other] Damit sie geprüft werden kann, muss sie noch enthalten:
        }

        { $items }

        Auf Ihrer Seite können Sie sie ergänzen, ihren Stand verfolgen, um mehr Zeit bitten oder sie zurückziehen.

        { page-requester }

        Was folgen kann: Wir prüfen, wer Sie sind und ob die Anfrage begründet ist. Sie kann abgelehnt, an die Inhaberseite weitergeleitet oder ganz oder zum Teil bewilligt werden.

        { arbitration }

        { sign }

n2_missing_items =
    .version = 1
    .subject = { $domain }: was Ihrer Anfrage noch fehlt
    .body =
        { hello-requester }

        Ihre Anfrage kann noch nicht geprüft werden, weil ihr fehlt:

        { $items }

        Bitte ergänzen Sie es bis { $due }. Kommt es nicht, so kann die Anfrage ohne Entscheidung verfallen; Sie können sie später wieder aufnehmen. Wenn Sie mehr Zeit brauchen, bitten Sie vorher mit Begründung darum.

        { page-requester }

        { no-identity }

        { sign }

n2_contact_check =
    .version = 1
    .subject = { $domain }: Haben Sie brauchbare Kontaktdaten bekommen?
    .body =
        { hello-requester }

        Die Inhaberseite sagt, dass sie oder jemand für sie Ihnen geschrieben und Kontaktdaten gegeben hat, mit denen Sie etwas anfangen können. Bitte sagen Sie uns auf Ihrer Seite, ob das stimmt, bis { $due }.

        { page-requester }

        Hören wir bis dahin nichts, so dürfen wir davon ausgehen, dass die Daten Sie erreicht haben. Wenn nicht, sagen Sie, was fehlt; dort können Sie auch um mehr Zeit bitten oder widersprechen. Eine falsche Antwort kann sich gegen Ihre Anfrage auswirken.

        { sign }

n4_requester_reminder =
    .version = 1
    .subject = { $domain }: Ihrer Anfrage fehlt noch etwas
    .body =
        { hello-requester }

        Wir warten noch auf etwas von Ihnen. Es sollte uns erreichen bis { $due }. Was es ist, steht auf Ihrer Seite. Ohne es kann die Anfrage verfallen oder nach dem entschieden werden, was wir haben. Wenn Sie mehr Zeit brauchen, bitten Sie vorher mit Begründung darum.

        { page-requester }

        { sign }

n6_delay =
    .version = 1
    .subject = { $domain }: Unsere Antwort braucht länger
    .body =
        { hello-requester }

        Unsere Antwort auf Ihre Anfrage braucht länger, als wir gesagt hatten. Sie können mit ihr rechnen bis { $due }. Warum, steht auf Ihrer Seite; dort können Sie Ihre Anfrage ergänzen oder der Verzögerung widersprechen.

        { page-requester }

        { arbitration }

        { sign }

n7_interim =
    .version = 1
    .subject = { $domain }: der Stand Ihrer Anfrage
    .body =
        { hello-requester }

        Dies ist eine begründete Zwischenantwort. Ihre Anfrage ist eingegangen und wird geprüft: Wen sie betrifft, ist zu hören, und beide Interessen sind abzuwägen, bevor Daten herausgegeben oder verweigert werden dürfen. Wir erwarten eine Entscheidung bis { $due }. { no-identity } Die ausführlichen Gründe stehen auf Ihrer Seite; dort können Sie Ihre Anfrage ergänzen.

        { page-requester }

        { sign }

n7_refused =
    .version = 1
    .subject = { $domain }: Ihre Anfrage wurde abgelehnt
    .body =
        { hello-requester }

        Wir haben Ihre Anfrage geprüft und lehnen sie ab, aus diesem Grund:

        { $primary }

        Weitere Gründe, falls es sie gibt, stehen auf Ihrer Seite. { no-identity }

        { page-requester }

        { appeal } Sie können auch eine neue Anfrage stellen, wenn sich die Umstände geändert haben, sich rechtlich beraten lassen oder sich an ein Gericht wenden, dessen Anordnungen uns binden.

        { arbitration }

        { sign }

n7_forwarded =
    .version = 1
    .subject = { $domain }: Wir haben Ihre Nachricht weitergeleitet
    .body =
        { hello-requester }

        Wir haben Ihre Nachricht an die Inhaberseite weitergeleitet und tun bis auf Weiteres nichts anderes. Ob sie antwortet, ist ihre Sache. Sie können ihr über den Kontakt, der für den Namen veröffentlicht ist, wieder schreiben. { no-identity } Wenn Sie nicht einverstanden sind, sagen Sie es auf Ihrer Seite mit Gründen.

        { page-requester }

        { arbitration }

        { sign }

n7_redirected =
    .version = 1
    .subject = { $domain }: Für Ihre Anfrage ist jemand anderes zuständig
    .body =
        { hello-requester }

        Wir sind für Ihre Anfrage nicht die richtige Stelle. Bitte wenden Sie sich an:

        { $whom }

        Sonst tun wir nichts. { no-identity } Wenn Sie nicht einverstanden sind, sagen Sie es auf Ihrer Seite mit Gründen.

        { page-requester }

        { arbitration }

        { sign }

n7_resolved =
    .version = 1
    .subject = { $domain }: Die Inhaberseite hat sich bei Ihnen gemeldet
    .body =
        { hello-requester }

        Die Inhaberseite hat die Zusicherungen gegeben, um die wir gebeten hatten, und sich bei Ihnen gemeldet. Die Sache liegt nun zwischen Ihnen beiden; wir geben für diesen Anspruch keine Daten heraus und lassen den Namen unangetastet. Wenn sich die Kontaktdaten als unbrauchbar erweisen, sagen Sie es uns auf Ihrer Seite: Dann sehen wir es uns möglicherweise noch einmal an.

        { page-requester }

        { arbitration }

        { sign }

n7_granted =
    .version = 1
    .subject = { $domain }: Ihre Anfrage wurde bewilligt
    .body =
        { hello-requester }

        Wir haben entschieden, Ihnen Daten dieser Art herauszugeben:

        { $fields }

        Sie stehen nicht in dieser Nachricht. Sie können als versiegeltes Paket kommen, wenn die Betroffenen Zeit hatten, Rechtsschutz zu suchen, und wenn Sie die Nutzungsbedingungen annehmen: nur für diese Sache, sicher verwahrt und bis zu einem festen Tag gelöscht. Ein Gericht oder eine erneute Prüfung kann die Weitergabe noch aufhalten. Wenn Sie um mehr gebeten haben, ist der Rest abgelehnt; die Gründe stehen auf Ihrer Seite.

        { page-requester }

        { appeal-page }

        { arbitration }

        { sign }

n7_deactivated =
    .version = 1
    .subject = { $domain }: Der Name wurde aus dem DNS genommen
    .body =
        { hello-requester }

        Der Name wurde aus dem DNS genommen. Das lässt sich rückgängig machen und kann rückgängig gemacht werden, etwa wenn die Entscheidung aufgehoben wird. Daten werden dadurch nicht herausgegeben. { no-identity }

        { page-requester }

        { appeal-page }

        { arbitration }

        { sign }

n7_privacy_released =
    .version = 1
    .subject = { $domain }: Der Datenschutzdienst für den Namen ist beendet
    .body =
        { hello-requester }

        Der Datenschutzdienst für diesen Namen ist beendet. Was über ihn öffentlich ist, lässt sich im Verzeichnis nachschlagen (RDAP oder WHOIS). Darüber hinaus geben wir nichts heraus. Wenn Sie nicht einverstanden sind, sagen Sie es auf Ihrer Seite mit Gründen.

        { page-requester }

        { arbitration }

        { sign }

n7_no_data =
    .version = 1
    .subject = { $domain }: Wir haben keine solchen Daten
    .body =
        { hello-requester }

        Wir haben nachgesehen und haben zu diesem Namen an jenem Tag keine Daten der Art, um die Sie gebeten haben. Wenn Sie das für falsch halten, sagen Sie es auf Ihrer Seite mit Gründen.

        { page-requester }

        { arbitration }

        { sign }

n7_lapsed =
    .version = 1
    .subject = { $domain }: Ihre Anfrage ist verfallen
    .body =
        { hello-requester }

        Was Ihrer Anfrage fehlte, kam nicht rechtzeitig, und so ist sie verfallen. Über sie wurde nicht entschieden. Einige Zeit können Sie sie auf Ihrer Seite wieder aufnehmen, dort steht, bis wann; danach können Sie eine neue stellen.

        { page-requester }

        { arbitration }

        { sign }

n7_withdrawn =
    .version = 1
    .subject = { $domain }: Ihre Anfrage ist geschlossen
    .body =
        { hello-requester }

        Sie haben Ihre Anfrage zurückgezogen, und sie ist geschlossen. Über sie wurde nicht entschieden. Wenn nicht Sie es waren, sagen Sie es uns auf Ihrer Seite oder per E-Mail. Sie können jederzeit eine neue Anfrage stellen.

        { page-requester }

        { arbitration }

        { sign }

n7_preserved =
    .version = 1
    .subject = { $domain }: Was wir haben, wird aufbewahrt
    .body =
        { hello-requester }

        Was wir haben und unter Ihre Anfrage fällt, falls es etwas gibt, wird aufbewahrt bis { $until }. Herausgegeben wird dadurch nichts. Um Daten zu erhalten, stellen Sie uns vorher eine rechtliche Anordnung zu; um Verlängerung kann rechtzeitig gebeten werden. { no-identity }

        { page-requester }

        { arbitration }

        { sign }

n7_challenged =
    .version = 1
    .subject = { $domain }: Wir wenden uns gegen die Anordnung
    .body =
        { hello-requester }

        Wir haben das uns zugestellte Schriftstück geprüft und wenden uns dagegen, aus diesem Grund:

        { $primary }

        Wir bitten, es nachzubessern, einzuschränken oder zurückzunehmen. Bis dahin wird nichts herausgegeben. Unsere ausführlichen Gründe stehen auf Ihrer Seite; dort können Sie darauf antworten oder um Zeit bitten. Wir können den Einwand auch vor das Gericht oder die Behörde bringen, von der das Schriftstück stammt. { no-identity }

        { page-requester }

        { arbitration }

        { sign }

n7_process_wanted =
    .version = 1
    .subject = { $domain }: Daten gibt es nur auf rechtliche Anordnung
    .body =
        { hello-requester }

        Ohne rechtliche Anordnung geben wir keine Daten heraus. Wir können aufbewahren, was wir haben, falls es etwas gibt, während Sie eine Anordnung erwirken: Bitten Sie auf Ihrer Seite darum. Ein Gerichtsbeschluss oder ein anderes Schriftstück, das uns bindet, kann auch dort eingereicht oder an unserer Anschrift unten zugestellt werden. Es sollte den Domainnamen, die Daten, das Gesetz, auf dem es beruht, und eine Stelle nennen, die wir unter einer veröffentlichten Nummer zurückrufen können. { no-identity }

        { page-requester }

        { arbitration }

        { sign }

n7_emergency_decided =
    .version = 1
    .subject = { $domain }: Ihrer Eilanfrage wurde stattgegeben
    .body =
        { hello-requester }

        Wir haben Ihre Anfrage als Notfall behandelt und ihr stattgegeben. Eine rechtliche Anordnung muss folgen bis { $process_due }; reichen Sie sie auf Ihrer Seite ein. Kommt sie nicht, so können wir das bei späteren Anfragen und Ihrer Aufsicht gegenüber erwähnen. Die Inhaberseite kann unterrichtet werden, sobald die Gefahr vorüber ist. Was herausgegeben wurde, darf nur zur Abwehr dieser Gefahr benutzt werden.

        { page-requester }

        { arbitration }

        { sign }

n10_package =
    .version = 1
    .subject = { $domain }: Ein versiegeltes Paket wartet auf Sie
    .body =
        { hello-requester }

        Ein versiegeltes Paket wartet auf Sie. Lesen Sie die Nutzungsbedingungen, nehmen Sie sie an und holen Sie es einmal ab, bis { $due }:

        { $link }

        Der Link gilt einmal. Halten Sie den Schlüssel oder die Passphrase bereit, die mit Ihnen am Telefon vereinbart wurde. Wenn Sie die Bedingungen nicht annehmen, holen Sie es nicht ab: Sagen Sie uns, warum, oder bitten Sie uns per E-Mail um Zeit. Wird es nicht rechtzeitig abgeholt, so erlischt der Link, und es kann eine neue Entscheidung nötig sein.

        { sign }

n10_receipt =
    .version = 1
    .subject = { $domain }: Ihre Empfangsbestätigung ist da
    .body =
        { hello-requester }

        Ihre Empfangsbestätigung für das Paket ist da. Nach den Bedingungen, die Sie angenommen haben, benutzen Sie die Daten nur für diese Sache, verwahren sie sicher, geben sie nur an ein Gericht, eine Behörde oder Ihren Rechtsbeistand weiter und löschen sie bis zu dem Tag, den das Paket nennt. Wenn Daten darin falsch sind, verloren gehen oder missbraucht werden, sagen Sie es uns sofort. Wir können Ihnen später mitteilen, dass sie berichtigt wurden oder gelöscht werden müssen; bitte handeln Sie dann danach und bestätigen Sie es.

        { page-requester }

        { arbitration }

        { sign }

n10_expired =
    .version = 1
    .subject = { $domain }: Das Paket wurde nicht abgeholt
    .body =
        { hello-requester }

        Das Paket wurde nicht rechtzeitig abgeholt. Sein Link ist erloschen, und es lässt sich nicht mehr öffnen. Wenn Sie die Daten noch brauchen, sagen Sie es auf Ihrer Seite mit Gründen; dann kann neu entschieden werden. Dort können Sie auch widersprechen.

        { page-requester }

        { arbitration }

        { sign }

n11_appeal_requester =
    .version = 1
    .subject = { $domain }: wie Sie die Entscheidung erneut prüfen lassen können
    .body =
        { hello-requester }

        Wir haben über Ihre Anfrage entschieden; Sie finden die Entscheidung mit ihren Gründen auf Ihrer Seite.

        { page-requester }

        { appeal-page } Möglicherweise gibt es gegen diese Entscheidung keine weitere Prüfung mehr; das steht dann auf Ihrer Seite. Sagen Sie, was Sie für falsch halten, und fügen Sie bei, was das stützt. Sie können sich rechtlich beraten und einen Rechtsbeistand für Sie schreiben lassen. Bittet niemand rechtzeitig darum, so kann die Entscheidung endgültig werden.

        { arbitration }

        { sign }

n13_reconsidered_requester =
    .version = 1
    .subject = { $domain }: das Ergebnis der erneuten Prüfung
    .body =
        { hello-requester }

        Menschen, die an der ersten Entscheidung nicht beteiligt waren, haben sie noch einmal angesehen. Das Ergebnis:

        { $verdict }

        Die Gründe stehen auf Ihrer Seite. Sie können sich an ein Gericht wenden, dessen Anordnungen uns binden, und sich rechtlich beraten lassen.

        { page-requester }

        { arbitration }

        { sign }

n14_correction =
    .version = 1
    .subject = { $domain }: Erhaltene Daten sind zu berichtigen oder zu löschen
    .body =
        { hello-requester }

        Daten in einem Paket, das Sie von uns erhalten haben, wurden berichtigt oder müssen gelöscht werden. Sie sind von dieser Art:

        { $fields }

        Was zu tun ist, steht auf Ihrer Seite und nicht in dieser Nachricht. Bitte tun Sie es sofort, sagen Sie es denen, an die Sie die Daten weitergegeben haben, und bestätigen Sie es dort. Wenn Sie sie wegen eines Gesetzes oder eines laufenden Verfahrens behalten dürfen, sagen Sie es mit Gründen. Nicht zu handeln kann die Bedingungen verletzen, die Sie angenommen haben.

        { page-requester }

        { sign }
