# Lo que comparten los avisos, y las palabras de los códigos.

moment = { $day }, { $time } ({ $zone }, { $offset }), es decir, { $utc_day }, { $utc_time } UTC
moment-utc = { $day }, { $time } UTC

hello-registrant =
    Este mensaje es de { $office_name }, el servicio de privacidad del nombre de dominio { $domain }. Lo recibe porque ese nombre está registrado a su nombre. Nuestra referencia es { $case }.
hello-letter =
    Este mensaje es de { $office_name }, el servicio de privacidad del nombre de dominio { $domain }. Lo recibe porque nos lo indicaron como titular de ese nombre. Nuestra referencia es { $registration }.
hello-requester =
    Este mensaje es de { $office_name }, el servicio de privacidad del nombre de dominio { $domain }. Se refiere a su solicitud con la referencia { $case }.
no-identity =
    Este mensaje no dice nada sobre la identidad del titular ni reconoce ninguna pretensión.
page-registrant =
    Su página sobre este asunto está aquí:

    { $link }

    El enlace sirve una sola vez y por tiempo limitado. Si ya no funciona, escriba a { $office_mail } e indique la referencia.
page-requester =
    Su página sobre esta solicitud está aquí:

    { $link }

    El enlace sirve una sola vez y por tiempo limitado. Si ya no funciona, escriba a { $office_mail } e indique la referencia.
confirm-receipt =
    Le rogamos que confirme que este mensaje le ha llegado abriendo una vez este enlace:

    { $link }
options-registrant =
    En su página puede responder, oponerse y dar sus razones, designar a un abogado u otro contacto que hable por usted, o pedir más tiempo y decir por qué. Puede buscar asesoramiento jurídico antes de responder; este mensaje no lo es. Lo que escriba se tiene en cuenta antes de que se decida nada.
data-elsewhere =
    Los datos mismos no están en este mensaje, porque el correo electrónico puede leerse en el camino.
appeal =
    Si no está de acuerdo con esta decisión, puede pedir que se reconsidere, a más tardar: { $reconsider_due }. La revisarán entonces personas que no participaron en ella.
appeal-page =
    Si no está de acuerdo con esta decisión, puede pedir que se reconsidere en su página, que dice también hasta cuándo. La revisarán entonces personas que no participaron en ella.
arbitration =
    Si una reclamación suya no recibió acuse de recibo a tiempo, o si esta respuesta no la resuelve para usted, puede llevarla a arbitraje: { $office_arbitration }. Su derecho a acudir a un tribunal o a una autoridad de protección de datos queda intacto.
sign =
    Nunca pedimos por correo electrónico una contraseña, dinero ni la copia de un documento de identidad. Si duda de que este mensaje sea nuestro, no use el enlace: escriba directamente { $office_site } en su navegador, o escriba a { $office_mail }.

    { $office_name }

    { $office_postal }

fields-of = { $role }: { $kinds }
role-registrant = titular
role-admin = contacto administrativo
role-tech = contacto técnico
role-billing = contacto de facturación
field-name = nombre
field-organization = organización
field-street = calle
field-city = ciudad
field-state = estado o provincia
field-postal_code = código postal
field-country = país
field-phone = número de teléfono
field-phone_ext = extensión de teléfono
field-fax = número de fax
field-fax_ext = extensión de fax
field-email = dirección de correo electrónico

primary-incomplete = La solicitud está incompleta: lo que pedimos no llegó, o no llegó todo.
primary-not_verified = No pudimos comprobar quién hace la solicitud.
primary-no_standing = La solicitud no muestra que usted tenga el derecho en que se apoya, ni que pueda actuar por quien lo tiene.
primary-not_ours = El nombre de dominio no está en nuestro servicio, o no lo estaba el día que importa.
primary-no_legal_basis = La solicitud no indica ninguna base jurídica para facilitar los datos.
primary-no_necessity = Los datos no son necesarios para el fin: no se probó un medio menos gravoso, como un mensaje que nosotros transmitimos.
primary-overridden = Los intereses y derechos de la persona afectada pesan más que el interés en los datos.
primary-objection_upheld = La persona afectada se opuso, y consideramos fundada su oposición.
primary-safety = Facilitar los datos podría poner a alguien en peligro.
primary-pretextual = La razón que se da no parece ser la verdadera.
primary-fishing = La solicitud no se limita a lo que exige un asunto concreto.
primary-wrong_jurisdiction = El órgano que emitió el documento no tiene potestad sobre nosotros en este asunto, o el asunto corresponde a otro.
primary-instrument_defective = El documento en que se apoya la solicitud tiene un defecto: le falta algo que la ley exige.
primary-privilege = Los datos están protegidos por el secreto profesional u otro privilegio.
primary-not_held = No tenemos los datos que se piden.
primary-gag_conflict = Una obligación legal nos impide por ahora facilitar los datos.
primary-duplicate = La misma solicitud se tramita, o se decidió, con otra referencia.
primary-surrendered = Se renunció al nombre de dominio; la solicitud ya no tiene objeto.

basis-contract_breach = Se constató que no se dieron garantías debidas según las condiciones del servicio de privacidad.
basis-legitimate_interest = El destinatario tiene un interés legítimo en los datos que, tras ponderarlo, prevaleció.
basis-legal_process = Lo ordenó un tribunal o una autoridad, o lo exigía otro procedimiento legal.
basis-emergency = Había un peligro inminente para la vida o la salud de alguien.

verdict-uphold = La decisión queda como estaba.
verdict-varied = La decisión se cambió en parte.
verdict-reverse = La decisión se revocó.

whom-court = el tribunal competente en el asunto
whom-police = la policía o la fiscalía
whom-registrar = el registrador que gestiona el nombre de dominio
whom-registry = el registro del dominio
whom-host = quien aloja las páginas o los servicios de que se trata
whom-reseller = el revendedor por el que se registró el nombre
whom-other = otro órgano; su página dice cuál

recipient-requester = quien hizo la solicitud; su página dice quién es, en la medida en que podemos mostrarlo
recipient-counsel = el abogado de la otra parte; su página dice quién es, en la medida en que podemos mostrarlo
recipient-court = un tribunal; su página dice cuál, en la medida en que podemos mostrarlo
recipient-authority = una autoridad; su página dice cuál, en la medida en que podemos mostrarlo
recipient-other = otra persona; su página dice quién, en la medida en que podemos mostrarlo

instrument-court_order = una orden de un tribunal
instrument-subpoena = un requerimiento de entrega (subpoena)
instrument-civil_subpoena = un requerimiento de entrega en un asunto civil privado (civil subpoena)
instrument-warrant = un mandamiento (warrant)
instrument-levy = un embargo ejecutivo
instrument-attachment = un embargo preventivo
instrument-receiver = una orden para un administrador judicial, o de él
instrument-dmca_512h = un requerimiento para identificar a un presunto infractor (17 U.S.C. 512(h))
instrument-statutory_notice = un requerimiento previsto en una ley
instrument-eu_production_order = una orden europea de producción

items-threat = la amenaza o la acción, entera, con su fecha
items-aimed_at_us = en qué se dirige contra nosotros o nos implica
items-anonymity = por qué proviene de que el titular no figura públicamente
items-claim = lo que se pretende: el derecho, los hechos, el daño
items-authority = prueba de que quien escribe puede actuar por los interesados
items-contact_route = dónde puede localizarle el titular
items-good_faith = una declaración de buena fe
items-use_undertaking = la promesa de usar lo que se facilite solo para esta pretensión y de respetar el derecho de protección de datos
items-their_deadline = la fecha que usted fija, si fija una
items-owner = de quién es el derecho, y quién escribe por él
items-right = el derecho mismo: su inscripción y registro, la obra y dónde está, o los bienes
items-infringement = dónde y cómo lo infringe el nombre, con prueba
items-relay_tried = prueba de que probó el contacto publicado
items-signature = una firma
items-common_fact = para varios nombres: el único hecho que comparten
items-official_channel = una dirección y un número de teléfono oficiales
items-offence = el delito o la finalidad
items-legal_basis = la ley en que se apoya la solicitud
items-fields = qué datos deben facilitarse
items-process = la orden, el mandamiento, el certificado o el requerimiento
items-gag = la orden o la ley que prohíbe informar al titular
items-instrument = el documento, entero, con todos sus anexos
items-court = qué tribunal o autoridad lo emitió, y cómo consultarle
items-docket = el número del asunto allí
items-party = quién pide, y por quién
items-service = cómo y cuándo se nos notificó
items-return_date = para cuándo hay que responder, si lo dice
items-protective_order = una orden de protección o de reserva, si la hay
