# Texte, die jemand unterschreibt oder annimmt; siehe die englische Datei.

indemnity-1 =
    Freistellungsversprechen für einen Anspruch

    Dieses Versprechen gibt die Person, auf die der Domainname { $domain } registriert ist, gegenüber { $office_name } ab. Es gilt für den einen Anspruch, der unter dem Zeichen { $case } geführt wird, und für keinen anderen.
    1. Was ich verspreche. Muss { $office_name } wegen dieses Anspruchs zahlen, weil ein Gericht es anordnet oder weil ich einem Vergleich zugestimmt habe, und liegt der Grund darin, dass nicht öffentlich war, auf wen der Domainname registriert ist, so ersetze ich, was zu zahlen ist, und die angemessenen Kosten der Verteidigung.
    2. Was ich nicht verspreche. Ich hafte nicht für das, was { $office_name } selbst verschuldet, nicht für Ansprüche wegen anderer Namen oder anderer Handlungen und nicht für das, was { $office_name } vergleicht, ohne mich gefragt zu haben.
    3. Wie wir damit umgehen. { $office_name } sagt mir unverzüglich, wenn das Versprechen in Anspruch genommen werden soll, zeigt mir, worauf das beruht, und lässt mich an der Verteidigung mitwirken.
    4. Was dies nicht ist. Es ist ein vertragliches Versprechen. Es gesteht nicht zu, dass der Anspruch besteht oder dass ein Unrecht geschehen ist. Unverzichtbare gesetzliche Rechte, etwa als Verbraucherin oder Verbraucher, bleiben, wie sie sind.
    5. Wer unterschreibt. Der Name ist auf mich registriert, oder ich darf für die Person unterschreiben, auf die er registriert ist, und kann das nachweisen; wer unterschreibt, ist volljährig.
    6. Wie lange es gilt. Es gilt, bis der Anspruch erledigt ist oder nicht mehr erhoben werden kann. Der Text, seine Fassung und die Zeit der Unterschrift werden so lange aufbewahrt.
    7. Beratung. Ich konnte mich vor der Unterschrift rechtlich beraten lassen, um mehr Zeit bitten oder stattdessen widersprechen.

contact_confirmation-1 =
    Bestätigung, dass die Gegenseite angeschrieben wurde

    Es geht um den Anspruch, der unter dem Zeichen { $case } geführt wird und den Domainnamen { $domain } betrifft.
    1. Ich bestätige, dass ich oder jemand für mich der Gegenseite wegen dieses Anspruchs geschrieben hat.
    2. Ich bestätige, dass die Nachricht der Gegenseite Kontaktdaten gab, unter denen sie mich, einen Rechtsbeistand oder eine andere Vertretung in dieser Sache erreichen kann.
    3. Ich füge einen Nachweis bei: eine Kopie der Nachricht und ihrer Absendung oder eine Nachricht, die { $office_name } für mich weitergeleitet hat.
    4. Ich weiß, dass die Gegenseite gefragt wird, ob sie angekommen ist, und das verneinen kann. Dann wird es noch einmal geprüft; das allein wird niemandem angelastet.
    5. Was ich bestätige, ist nach meinem besten Wissen wahr. Es gesteht nicht zu, dass der Anspruch besteht.

terms_of_use-1 =
    Übersetzung zu Ihrer Kenntnis; vereinbart wird der englische Text.
    Sie erhalten Daten über eine Person für eine einzige Sache, den Fall, den das Paket nennt.
    1. Benutzen Sie die Daten nur für diese Sache: um den Anspruch zu erheben, ihm zu begegnen oder ihn beizulegen, oder in dem Verfahren, das die Anordnung nennt. Benutzen Sie sie nicht für Werbung, für Profile oder um wegen etwas anderem Kontakt aufzunehmen.
    2. Veröffentlichen Sie die Daten nicht und geben Sie sie nicht weiter, außer an ein Gericht, eine Behörde oder einen Rechtsbeistand, der für Sie in der Sache handelt und diese Bedingungen annimmt.
    3. Bewahren Sie die Daten verschlüsselt oder unter Verschluss auf, allein für die, die an der Sache arbeiten.
    4. Vernichten Sie die Daten und alle Kopien bis zu dem Löschtag des Pakets, es sei denn, ein Gesetz oder ein laufendes Verfahren verpflichtet Sie, sie zu behalten; dann, sobald das endet.
    5. Sagen Sie uns unverzüglich, wenn Daten verloren gehen, missbraucht werden oder Unbefugten bekannt werden, und wenn Sie einen Fehler finden.
    6. Wenn wir Ihnen sagen, dass Daten berichtigt wurden oder gelöscht werden müssen, handeln Sie danach und bestätigen Sie es.
    7. Jede Ausfertigung trägt ein eigenes Zeichen. Für das, was mit Ihrer geschieht, stehen Sie gegenüber der betroffenen Person und uns ein.
