# What notices share, and the words of codes. Line breaks are set when a notice is laid out.

moment = { $day }, { $time } ({ $zone }, { $offset }), which is { $utc_day }, { $utc_time } UTC
moment-utc = { $day }, { $time } UTC

hello-registrant =
    This message comes from { $office_name }, the privacy service for the domain name { $domain }. You receive it because you are the registrant of that name. Our reference is { $case }.
hello-letter =
    This message comes from { $office_name }, the privacy service for the domain name { $domain }. You receive it because you are named to us as the registrant of that name. Our reference is { $registration }.
hello-requester =
    This message comes from { $office_name }, the privacy service for the domain name { $domain }. It is about your request with the reference { $case }.
no-identity =
    This message says nothing about who the registrant is, and it admits no claim.
page-registrant =
    Your page about this matter is here:

    { $link }

    The link works once and for a limited time. If it does not work any more, write to { $office_mail } and name the reference.
page-requester =
    Your page about this request is here:

    { $link }

    The link works once and for a limited time. If it does not work any more, write to { $office_mail } and name the reference.
confirm-receipt =
    Please confirm that this message reached you, by opening this link once:

    { $link }
options-registrant =
    On your page you can answer, object and give your reasons, name a lawyer or another contact who speaks for you, or ask for more time and say why. You can take legal advice before you answer; this message is no legal advice. What you write is considered before anything is decided.
data-elsewhere =
    The data itself is not in this message: mail can be read on its way.
appeal =
    If you do not agree with this decision, you can ask for reconsideration by { $reconsider_due }. People who took no part in the decision then look at it again.
appeal-page =
    If you do not agree with this decision, you can ask for reconsideration on your page, which also says until when. People who took no part in the decision then look at it again.
arbitration =
    If a complaint of yours was not acknowledged in time, or if this answer does not settle it for you, you can take it to arbitration: { $office_arbitration }. Your right to turn to a court or to a data protection authority stays as it is.
sign =
    We never ask by mail for a password, for money or for a copy of an identity paper. If you doubt that this message is ours, do not use the link: type { $office_site } into your browser yourself, or write to { $office_mail }.

    { $office_name }

    { $office_postal }

fields-of = { $role }: { $kinds }
role-registrant = registrant
role-admin = administrative contact
role-tech = technical contact
role-billing = billing contact
field-name = name
field-organization = organisation
field-street = street
field-city = city
field-state = state or province
field-postal_code = postal code
field-country = country
field-phone = telephone number
field-phone_ext = telephone extension
field-fax = fax number
field-fax_ext = fax extension
field-email = e-mail address

primary-incomplete = The request is incomplete: what we asked for did not come, or not all of it.
primary-not_verified = We could not verify who makes the request.
primary-no_standing = The request does not show that you hold the right that it relies on, or that you may act for whoever holds it.
primary-not_ours = The domain name is not under our service, or was not on the day that matters.
primary-no_legal_basis = The request names no legal basis on which the data may be given.
primary-no_necessity = The data is not necessary for the purpose: a milder way, such as a message that we pass on, was not tried.
primary-overridden = The interests and rights of the person concerned weigh more than the interest in the data.
primary-objection_upheld = The person concerned objected, and we found the objection to be justified.
primary-safety = Giving the data could put somebody in danger.
primary-pretextual = The reason that is given does not appear to be the real one.
primary-fishing = The request is not limited to what a concrete matter needs.
primary-wrong_jurisdiction = The body that issued the paper has no power over us in this matter, or the matter belongs before another one.
primary-instrument_defective = The paper that the request rests on has a defect: it lacks something that the law asks of it.
primary-privilege = The data is protected by professional secrecy or another privilege.
primary-not_held = We do not hold the data that is asked for.
primary-gag_conflict = A legal obligation keeps us from giving the data, for the time being.
primary-duplicate = The same request is being dealt with, or was decided, under another reference.
primary-surrendered = The domain name was given up; the request has no object any more.

basis-contract_breach = It was found that assurances owed under the terms of the privacy service were not given.
basis-legitimate_interest = The recipient has a legitimate interest in the data which, after weighing, was found to prevail.
basis-legal_process = A court or an authority ordered it, or other legal process required it.
basis-emergency = There was an imminent danger to somebody's life or health.

verdict-uphold = The decision stands as it was.
verdict-varied = The decision was changed in part.
verdict-reverse = The decision was reversed.

whom-court = the court that has power over the matter
whom-police = the police, or the prosecutor's office
whom-registrar = the registrar that sponsors the domain name
whom-registry = the registry of the domain
whom-host = the host of the pages or services that it is about
whom-reseller = the reseller through which the name was registered
whom-other = another body; your page says which

recipient-requester = whoever made the request; your page says who that is, as far as we may show it
recipient-counsel = counsel for the other side; your page says who that is, as far as we may show it
recipient-court = a court; your page says which, as far as we may show it
recipient-authority = an authority; your page says which, as far as we may show it
recipient-other = somebody else; your page says who, as far as we may show it

instrument-court_order = a court order
instrument-subpoena = a subpoena
instrument-civil_subpoena = a subpoena in a private civil matter
instrument-warrant = a warrant
instrument-levy = a levy
instrument-attachment = an attachment
instrument-receiver = an order for, or by, a receiver
instrument-dmca_512h = a subpoena to identify an alleged infringer (17 U.S.C. 512(h))
instrument-statutory_notice = a notice under a statute
instrument-eu_production_order = a European Production Order

items-threat = the threat or the action, whole, with its date
items-aimed_at_us = where it is aimed at us or involves us
items-anonymity = why it comes from the registrant not being publicly named
items-claim = what is claimed: the right, the facts, the harm
items-authority = proof that whoever writes may act for those concerned
items-contact_route = where the registrant can reach you
items-good_faith = a statement of good faith
items-use_undertaking = the promise to use what is given for this claim alone and to obey data protection law
items-their_deadline = the date that you set, if you set one
items-owner = who owns the right, and who writes for them
items-right = the right itself: its registration and register, the work and where it is, or the goods
items-infringement = where and how the name infringes it, with proof
items-relay_tried = proof that you tried the published contact
items-signature = a signature
items-common_fact = for several names: the one fact that they share
items-official_channel = an official address and telephone number
items-offence = the offence or the purpose
items-legal_basis = the law that the request rests on
items-fields = which data is to be given
items-process = the order, warrant, certificate or notice
items-gag = the order or statute that bars telling the registrant
items-instrument = the instrument, whole, with every annex
items-court = which court or authority issued it, and how it can be asked
items-docket = the number of the matter there
items-party = who asks, and for whom
items-service = how and when it was served on us
items-return_date = by when it is to be answered, if it says so
items-protective_order = a protective order or sealing, if there is one
