# Ce que les avis ont en commun, et les mots des codes.

moment = { $day }, { $time } ({ $zone }, { $offset }), soit { $utc_day }, { $utc_time } UTC
moment-utc = { $day }, { $time } UTC

hello-registrant =
    Ce message vient de { $office_name }, le service de confidentialité pour le nom de domaine { $domain }. Vous le recevez parce que ce nom est enregistré à votre nom. Notre référence est { $case }.
hello-letter =
    Ce message vient de { $office_name }, le service de confidentialité pour le nom de domaine { $domain }. Vous le recevez parce que vous nous êtes indiqué comme titulaire de ce nom. Notre référence est { $registration }.
hello-requester =
    Ce message vient de { $office_name }, le service de confidentialité pour le nom de domaine { $domain }. Il concerne votre demande sous la référence { $case }.
no-identity =
    Ce message ne dit rien de l’identité du titulaire et ne reconnaît aucune prétention.
page-registrant =
    Votre page sur cette affaire se trouve ici :

    { $link }

    Le lien sert une seule fois et pour un temps limité. S’il ne fonctionne plus, écrivez à { $office_mail } en indiquant la référence.
page-requester =
    Votre page sur cette demande se trouve ici :

    { $link }

    Le lien sert une seule fois et pour un temps limité. S’il ne fonctionne plus, écrivez à { $office_mail } en indiquant la référence.
confirm-receipt =
    Veuillez confirmer que ce message vous est parvenu, en ouvrant ce lien une fois :

    { $link }
options-registrant =
    Sur votre page vous pouvez répondre, vous opposer en donnant vos raisons, désigner un avocat ou un autre contact qui parle pour vous, ou demander plus de temps en disant pourquoi. Vous pouvez demander un conseil juridique avant de répondre ; ce message n’en est pas un. Ce que vous écrivez est pris en compte avant toute décision.
data-elsewhere =
    Les données elles-mêmes ne figurent pas dans ce message : un courriel peut être lu en chemin.
appeal =
    Si vous n’êtes pas d’accord avec cette décision, vous pouvez demander un réexamen jusqu’à cet instant : { $reconsider_due }. Des personnes qui n’ont pas pris part à la décision la reverront alors.
appeal-page =
    Si vous n’êtes pas d’accord avec cette décision, vous pouvez demander un réexamen sur votre page, qui dit aussi jusqu’à quand. Des personnes qui n’ont pas pris part à la décision la reverront alors.
arbitration =
    Si une réclamation de votre part n’a pas reçu d’accusé de réception à temps, ou si cette réponse ne la règle pas pour vous, vous pouvez la porter en arbitrage : { $office_arbitration }. Votre droit de saisir un tribunal ou une autorité de protection des données reste entier.
sign =
    Nous ne demandons jamais par courriel un mot de passe, de l’argent ou la copie d’une pièce d’identité. Si vous doutez que ce message vienne de nous, n’utilisez pas le lien : tapez vous-même { $office_site } dans votre navigateur, ou écrivez à { $office_mail }.

    { $office_name }

    { $office_postal }

fields-of = { $role } : { $kinds }
role-registrant = titulaire
role-admin = contact administratif
role-tech = contact technique
role-billing = contact de facturation
field-name = nom
field-organization = organisation
field-street = rue
field-city = ville
field-state = État ou province
field-postal_code = code postal
field-country = pays
field-phone = numéro de téléphone
field-phone_ext = poste téléphonique
field-fax = numéro de télécopie
field-fax_ext = poste de télécopie
field-email = adresse électronique

primary-incomplete = La demande est incomplète : ce que nous avons demandé n’est pas venu, ou pas en entier.
primary-not_verified = Nous n’avons pas pu vérifier qui fait la demande.
primary-no_standing = La demande ne montre pas que vous avez le droit sur lequel elle se fonde, ni que vous pouvez agir pour qui l’a.
primary-not_ours = Le nom de domaine ne relève pas de notre service, ou n’en relevait pas le jour qui compte.
primary-no_legal_basis = La demande n’indique aucune base légale permettant de communiquer les données.
primary-no_necessity = Les données ne sont pas nécessaires au but visé : un moyen moins intrusif, comme un message que nous transmettons, n’a pas été essayé.
primary-overridden = Les intérêts et les droits de la personne concernée pèsent plus que l’intérêt aux données.
primary-objection_upheld = La personne concernée s’est opposée, et nous avons trouvé l’opposition fondée.
primary-safety = Communiquer les données pourrait mettre quelqu’un en danger.
primary-pretextual = La raison donnée ne paraît pas être la vraie.
primary-fishing = La demande ne se limite pas à ce qu’exige une affaire précise.
primary-wrong_jurisdiction = L’organe qui a émis l’acte n’a pas de pouvoir sur nous dans cette affaire, ou l’affaire relève d’un autre.
primary-instrument_defective = L’acte sur lequel la demande se fonde a un défaut : il lui manque quelque chose que la loi exige.
primary-privilege = Les données sont protégées par le secret professionnel ou un autre privilège.
primary-not_held = Nous n’avons pas les données demandées.
primary-gag_conflict = Une obligation légale nous empêche pour le moment de communiquer les données.
primary-duplicate = La même demande est traitée, ou a été décidée, sous une autre référence.
primary-surrendered = Le nom de domaine a été abandonné ; la demande n’a plus d’objet.

basis-contract_breach = Il a été constaté que des assurances dues selon les conditions du service de confidentialité n’ont pas été fournies.
basis-legitimate_interest = Le destinataire a un intérêt légitime aux données qui, après mise en balance, l’a emporté.
basis-legal_process = Un tribunal ou une autorité l’a ordonné, ou une autre procédure légale l’exigeait.
basis-emergency = Un danger immédiat menaçait la vie ou la santé de quelqu’un.

verdict-uphold = La décision reste telle quelle.
verdict-varied = La décision a été modifiée en partie.
verdict-reverse = La décision a été annulée.

whom-court = le tribunal compétent pour l’affaire
whom-police = la police ou le parquet
whom-registrar = le bureau d’enregistrement qui gère le nom de domaine
whom-registry = le registre du domaine
whom-host = l’hébergeur des pages ou des services dont il s’agit
whom-reseller = le revendeur par lequel le nom a été enregistré
whom-other = un autre organe ; votre page dit lequel

recipient-requester = l’auteur de la demande ; votre page dit qui c’est, autant que nous pouvons le montrer
recipient-counsel = l’avocat de l’autre partie ; votre page dit qui c’est, autant que nous pouvons le montrer
recipient-court = un tribunal ; votre page dit lequel, autant que nous pouvons le montrer
recipient-authority = une autorité ; votre page dit laquelle, autant que nous pouvons le montrer
recipient-other = quelqu’un d’autre ; votre page dit qui, autant que nous pouvons le montrer

instrument-court_order = une ordonnance d’un tribunal
instrument-subpoena = une injonction de produire (subpoena)
instrument-civil_subpoena = une injonction de produire dans une affaire civile privée (civil subpoena)
instrument-warrant = un mandat
instrument-levy = une saisie-exécution
instrument-attachment = une saisie conservatoire
instrument-receiver = une ordonnance pour ou par un administrateur judiciaire
instrument-dmca_512h = une injonction d’identifier un contrefacteur allégué (17 U.S.C. 512(h))
instrument-statutory_notice = une réquisition prévue par une loi
instrument-eu_production_order = une injonction européenne de production

items-threat = la menace ou l’action, en entier, avec sa date
items-aimed_at_us = en quoi elle nous vise ou nous met en cause
items-anonymity = pourquoi elle vient de ce que le titulaire n’est pas nommé publiquement
items-claim = ce qui est prétendu : le droit, les faits, le dommage
items-authority = la preuve que qui écrit peut agir pour les intéressés
items-contact_route = où le titulaire peut vous joindre
items-good_faith = une déclaration de bonne foi
items-use_undertaking = la promesse de n’utiliser ce qui est communiqué que pour cette prétention et de respecter le droit de la protection des données
items-their_deadline = la date que vous fixez, si vous en fixez une
items-owner = à qui appartient le droit, et qui écrit pour lui
items-right = le droit lui-même : son enregistrement et le registre, l’œuvre et où elle se trouve, ou les marchandises
items-infringement = où et comment le nom y porte atteinte, avec des preuves
items-relay_tried = la preuve que vous avez essayé le contact publié
items-signature = une signature
items-common_fact = pour plusieurs noms : le fait unique qu’ils ont en commun
items-official_channel = une adresse et un numéro de téléphone officiels
items-offence = l’infraction ou le but
items-legal_basis = la loi sur laquelle la demande se fonde
items-fields = quelles données doivent être communiquées
items-process = l’ordre, le mandat, le certificat ou la réquisition
items-gag = l’ordre ou la loi qui interdit d’informer le titulaire
items-instrument = l’acte, en entier, avec toutes ses annexes
items-court = quel tribunal ou quelle autorité l’a émis, et comment l’interroger
items-docket = le numéro de l’affaire là-bas
items-party = qui demande, et pour qui
items-service = comment et quand il nous a été signifié
items-return_date = avant quand il faut répondre, s’il le dit
items-protective_order = une mesure de protection ou de mise sous scellés, s’il y en a une
