# Was Mitteilungen gemeinsam haben, und die Wörter für Kennungen.

moment = { $day }, { $time } Uhr ({ $zone }, { $offset }), das ist { $utc_day }, { $utc_time } Uhr UTC
moment-utc = { $day }, { $time } Uhr UTC

hello-registrant =
    Diese Nachricht kommt von { $office_name }, dem Datenschutzdienst für den Domainnamen { $domain }. Sie erhalten sie, weil der Name auf Sie registriert ist. Unser Zeichen ist { $case }.
hello-letter =
    Diese Nachricht kommt von { $office_name }, dem Datenschutzdienst für den Domainnamen { $domain }. Sie erhalten sie, weil Sie uns als Inhaber dieses Namens genannt sind. Unser Zeichen ist { $registration }.
hello-requester =
    Diese Nachricht kommt von { $office_name }, dem Datenschutzdienst für den Domainnamen { $domain }. Es geht um Ihre Anfrage mit dem Zeichen { $case }.
no-identity =
    Diese Nachricht sagt nichts darüber, auf wen der Name registriert ist, und erkennt keinen Anspruch an.
page-registrant =
    Ihre Seite zu dieser Sache finden Sie hier:

    { $link }

    Der Link gilt einmal und nur für begrenzte Zeit. Wenn er nicht mehr gilt, schreiben Sie an { $office_mail } und nennen Sie das Zeichen.
page-requester =
    Ihre Seite zu dieser Anfrage finden Sie hier:

    { $link }

    Der Link gilt einmal und nur für begrenzte Zeit. Wenn er nicht mehr gilt, schreiben Sie an { $office_mail } und nennen Sie das Zeichen.
confirm-receipt =
    Bitte bestätigen Sie, dass Sie diese Nachricht erreicht hat, indem Sie diesen Link einmal öffnen:

    { $link }
options-registrant =
    Auf Ihrer Seite können Sie antworten, mit Gründen widersprechen, einen Rechtsbeistand oder eine andere Kontaktperson benennen, die für Sie spricht, oder mit Begründung um mehr Zeit bitten. Sie können sich vor Ihrer Antwort rechtlich beraten lassen; diese Nachricht ist keine Rechtsberatung. Was Sie schreiben, wird berücksichtigt, bevor etwas entschieden wird.
data-elsewhere =
    Die Daten selbst stehen nicht in dieser Nachricht, denn E-Mail kann unterwegs gelesen werden.
appeal =
    Wenn Sie mit dieser Entscheidung nicht einverstanden sind, können Sie um erneute Prüfung bitten, bis { $reconsider_due }. Dann sehen Menschen sie noch einmal an, die an ihr nicht beteiligt waren.
appeal-page =
    Wenn Sie mit dieser Entscheidung nicht einverstanden sind, können Sie auf Ihrer Seite um erneute Prüfung bitten; dort steht auch, bis wann. Dann sehen Menschen sie noch einmal an, die an ihr nicht beteiligt waren.
arbitration =
    Wurde eine Beschwerde von Ihnen nicht rechtzeitig bestätigt oder erledigt diese Antwort sie für Sie nicht, so können Sie ein Schiedsverfahren einleiten: { $office_arbitration }. Ihr Recht, sich an ein Gericht oder an eine Datenschutzbehörde zu wenden, bleibt unberührt.
sign =
    Wir bitten nie per E-Mail um ein Passwort, um Geld oder um die Kopie eines Ausweises. Wenn Sie zweifeln, ob diese Nachricht von uns ist, benutzen Sie den Link nicht: Geben Sie { $office_site } selbst in Ihren Browser ein oder schreiben Sie an { $office_mail }.

    { $office_name }

    { $office_postal }

fields-of = { $role }: { $kinds }
role-registrant = Inhaberseite
role-admin = administrativer Kontakt
role-tech = technischer Kontakt
role-billing = Rechnungskontakt
field-name = Name
field-organization = Organisation
field-street = Straße
field-city = Ort
field-state = Bundesland oder Provinz
field-postal_code = Postleitzahl
field-country = Land
field-phone = Telefonnummer
field-phone_ext = Telefondurchwahl
field-fax = Faxnummer
field-fax_ext = Faxdurchwahl
field-email = E-Mail-Adresse

primary-incomplete = Die Anfrage ist unvollständig: Was wir erbeten haben, kam nicht oder nicht ganz.
primary-not_verified = Wir konnten nicht prüfen, wer die Anfrage stellt.
primary-no_standing = Die Anfrage zeigt nicht, dass Ihnen das Recht zusteht, auf das sie sich stützt, oder dass Sie für die berechtigte Person handeln dürfen.
primary-not_ours = Der Domainname wird nicht von uns betreut oder wurde es an dem Tag nicht, auf den es ankommt.
primary-no_legal_basis = Die Anfrage nennt keine Rechtsgrundlage, auf der die Daten herausgegeben werden dürfen.
primary-no_necessity = Die Daten sind für den Zweck nicht erforderlich: Ein milderes Mittel, etwa eine von uns weitergeleitete Nachricht, wurde nicht versucht.
primary-overridden = Die Interessen und Rechte der betroffenen Person wiegen schwerer als das Interesse an den Daten.
primary-objection_upheld = Die betroffene Person hat widersprochen, und wir halten den Widerspruch für begründet.
primary-safety = Die Weitergabe der Daten könnte jemanden in Gefahr bringen.
primary-pretextual = Der angegebene Grund scheint nicht der wirkliche zu sein.
primary-fishing = Die Anfrage beschränkt sich nicht auf das, was eine bestimmte Sache erfordert.
primary-wrong_jurisdiction = Die Stelle, die das Schriftstück ausgestellt hat, hat in dieser Sache keine Befugnis über uns, oder die Sache gehört vor eine andere.
primary-instrument_defective = Das Schriftstück, auf dem die Anfrage beruht, hat einen Mangel: Ihm fehlt etwas, was das Gesetz verlangt.
primary-privilege = Die Daten sind durch ein Berufsgeheimnis oder ein anderes Vorrecht geschützt.
primary-not_held = Wir haben die erbetenen Daten nicht.
primary-gag_conflict = Eine rechtliche Pflicht hindert uns derzeit daran, die Daten herauszugeben.
primary-duplicate = Dieselbe Anfrage wird unter einem anderen Zeichen bearbeitet oder wurde dort entschieden.
primary-surrendered = Der Domainname wurde aufgegeben; die Anfrage hat keinen Gegenstand mehr.

basis-contract_breach = Es wurde festgestellt, dass Zusicherungen nicht gegeben wurden, die nach den Bedingungen des Datenschutzdienstes geschuldet waren.
basis-legitimate_interest = Die empfangende Seite hat ein berechtigtes Interesse an den Daten, das nach Abwägung überwog.
basis-legal_process = Ein Gericht oder eine Behörde hat es angeordnet, oder ein anderes rechtliches Verfahren hat es verlangt.
basis-emergency = Für das Leben oder die Gesundheit eines Menschen bestand unmittelbare Gefahr.

verdict-uphold = Die Entscheidung bleibt, wie sie war.
verdict-varied = Die Entscheidung wurde zum Teil geändert.
verdict-reverse = Die Entscheidung wurde aufgehoben.

whom-court = das Gericht, das für die Sache zuständig ist
whom-police = die Polizei oder die Staatsanwaltschaft
whom-registrar = den Registrar, der den Domainnamen verwaltet
whom-registry = die Registrierungsstelle der Domain
whom-host = den Betreiber der Server, auf denen die betroffenen Seiten oder Dienste liegen
whom-reseller = den Wiederverkäufer, über den der Name registriert wurde
whom-other = eine andere Stelle; Ihre Seite nennt sie

recipient-requester = die anfragende Seite; wer das ist, steht auf Ihrer Seite, soweit wir es zeigen dürfen
recipient-counsel = den Rechtsbeistand der anderen Seite; wer das ist, steht auf Ihrer Seite, soweit wir es zeigen dürfen
recipient-court = ein Gericht; welches, steht auf Ihrer Seite, soweit wir es zeigen dürfen
recipient-authority = eine Behörde; welche, steht auf Ihrer Seite, soweit wir es zeigen dürfen
recipient-other = jemand anderen; wer das ist, steht auf Ihrer Seite, soweit wir es zeigen dürfen

instrument-court_order = ein Gerichtsbeschluss
instrument-subpoena = eine Herausgabeanordnung unter Strafandrohung (subpoena)
instrument-civil_subpoena = eine Herausgabeanordnung in einer privaten Zivilsache (civil subpoena)
instrument-warrant = ein Durchsuchungs- oder Beschlagnahmebeschluss (warrant)
instrument-levy = eine Pfändung
instrument-attachment = ein Arrest
instrument-receiver = eine Anordnung für oder durch eine Zwangsverwaltung
instrument-dmca_512h = eine Anordnung, eine angeblich verletzende Person zu benennen (17 U.S.C. 512(h))
instrument-statutory_notice = ein Auskunftsverlangen aufgrund eines Gesetzes
instrument-eu_production_order = eine Europäische Herausgabeanordnung

items-threat = die Androhung oder die eingeleiteten Schritte, vollständig und mit Datum
items-aimed_at_us = wo sie sich gegen uns richten oder uns betreffen
items-anonymity = warum sie daher rühren, dass nicht öffentlich ist, auf wen der Name registriert ist
items-claim = was beansprucht wird: das Recht, die Tatsachen, der Schaden
items-authority = ein Nachweis, dass die schreibende Person für die Berechtigten handeln darf
items-contact_route = wo die Inhaberseite Sie erreichen kann
items-good_faith = eine Erklärung, in gutem Glauben zu handeln
items-use_undertaking = das Versprechen, herausgegebene Daten nur für diesen Anspruch zu nutzen und das Datenschutzrecht zu achten
items-their_deadline = die Frist, die Sie setzen, falls Sie eine setzen
items-owner = wem das Recht gehört und wer dafür schreibt
items-right = das Recht selbst: seine Eintragung und das Register, das Werk und wo es ist, oder die Waren
items-infringement = wo und wie der Name es verletzt, mit Nachweisen
items-relay_tried = ein Nachweis, dass Sie den veröffentlichten Kontakt versucht haben
items-signature = eine Unterschrift
items-common_fact = bei mehreren Namen: die eine Tatsache, die ihnen gemeinsam ist
items-official_channel = eine amtliche Anschrift und Telefonnummer
items-offence = die Straftat oder der Zweck
items-legal_basis = das Gesetz, auf dem die Anfrage beruht
items-fields = welche Daten herausgegeben werden sollen
items-process = die Anordnung, der Beschluss, die Bescheinigung oder das Verlangen
items-gag = die Anordnung oder das Gesetz, das eine Mitteilung an die Inhaberseite verbietet
items-instrument = das Schriftstück, vollständig und mit allen Anlagen
items-court = welches Gericht oder welche Behörde es ausgestellt hat und wie dort nachgefragt werden kann
items-docket = das Aktenzeichen dort
items-party = wer anfragt und für wen
items-service = wie und wann es uns zugestellt wurde
items-return_date = bis wann zu antworten ist, falls es das sagt
items-protective_order = eine Schutzanordnung oder Versiegelung, falls es eine gibt
