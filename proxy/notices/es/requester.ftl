# Avisos a solicitantes.

n0_step_up_requester =
    .version = 1
    .subject = { $domain }: confirme lo que pidió
    .body =
        { hello-requester }

        En su página alguien quiso hacer algo que le obliga. Si fue usted, abra este enlace en un plazo de 30 minutos para confirmar que lee este buzón:

        { $link }

        Si no fue usted, no haga nada: entonces no ocurre nada. Le rogamos que nos lo diga para que podamos investigarlo.

        { sign }

n1_acknowledgement =
    .version = 1
    .subject = { $domain }: tenemos su solicitud
    .body =
        { hello-requester }

        Tenemos su solicitud y la tramitamos como prevén nuestros deberes. { no-identity }

        { $items_count ->
            [0] Por lo que vemos, contiene lo que necesitamos. Puede que aún tengamos preguntas.
           *[other] Para examinarla, debe contener además:
        }

        { $items }

        En su página puede completarla, ver en qué punto está, pedir más tiempo o retirarla.

        { page-requester }

        Lo que puede seguir: comprobamos quién es usted y si la solicitud está fundada. Puede denegarse, transmitirse al titular, o concederse en todo o en parte.

        { arbitration }

        { sign }

n2_missing_items =
    .version = 1
    .subject = { $domain }: lo que falta todavía en su solicitud
    .body =
        { hello-requester }

        Su solicitud no puede examinarse todavía, porque le falta:

        { $items }

        Le rogamos que lo añada a más tardar: { $due }. Si no llega, la solicitud puede caducar sin decisión; podrá retomarla más tarde. Si necesita más tiempo, dígalo antes, y por qué.

        { page-requester }

        { no-identity }

        { sign }

n2_contact_check =
    .version = 1
    .subject = { $domain }: ¿le llegaron datos de contacto útiles?
    .body =
        { hello-requester }

        El titular dice que él, o alguien por él, le escribió y le dio datos de contacto que usted puede usar. Díganos en su página si es así, a más tardar: { $due }.

        { page-requester }

        Si hasta entonces no sabemos nada, podemos dar por hecho que los datos le llegaron. Si no, diga qué falta; allí puede pedir más tiempo u oponerse. Una respuesta falsa puede pesar en contra de su solicitud.

        { sign }

n4_requester_reminder =
    .version = 1
    .subject = { $domain }: todavía falta algo en su solicitud
    .body =
        { hello-requester }

        Seguimos esperando algo de usted. Debería llegarnos a más tardar: { $due }. Qué es, está en su página. Sin ello la solicitud puede caducar, o decidirse con lo que tenemos. Si necesita más tiempo, dígalo antes, y por qué.

        { page-requester }

        { sign }

n6_delay =
    .version = 1
    .subject = { $domain }: nuestra respuesta necesita más tiempo
    .body =
        { hello-requester }

        Nuestra respuesta a su solicitud necesita más tiempo del que dijimos. Puede esperarla a más tardar: { $due }. El porqué está en su página; allí puede completar su solicitud u oponerse a la demora.

        { page-requester }

        { arbitration }

        { sign }

n7_interim =
    .version = 1
    .subject = { $domain }: en qué punto está su solicitud
    .body =
        { hello-requester }

        Esta es una respuesta provisional y razonada. Su solicitud llegó y se está examinando: hay que oír a quienes concierne, y ponderar sus intereses y los de usted, antes de que puedan facilitarse o denegarse datos. Esperamos decidir a más tardar: { $due }. { no-identity } Las razones en detalle están en su página, donde puede completar su solicitud.

        { page-requester }

        { sign }

n7_refused =
    .version = 1
    .subject = { $domain }: se denegó su solicitud
    .body =
        { hello-requester }

        Examinamos su solicitud y la denegamos, por este motivo:

        { $primary }

        Otros motivos, si los hay, están en su página. { no-identity }

        { page-requester }

        { appeal } También puede hacer otra solicitud si las circunstancias han cambiado, buscar asesoramiento jurídico, o acudir a un tribunal cuyas órdenes nos obliguen.

        { arbitration }

        { sign }

n7_forwarded =
    .version = 1
    .subject = { $domain }: transmitimos su mensaje
    .body =
        { hello-requester }

        Transmitimos su mensaje al titular y por ahora no hacemos nada más. Si responde o no, es cosa suya. Puede volver a escribirle por el contacto que está publicado para el nombre. { no-identity } Si no está de acuerdo, dígalo en su página, y por qué.

        { page-requester }

        { arbitration }

        { sign }

n7_redirected =
    .version = 1
    .subject = { $domain }: otra instancia puede atender su solicitud
    .body =
        { hello-requester }

        No somos el lugar adecuado para su solicitud. Le rogamos que se dirija a:

        { $whom }

        No hacemos nada más. { no-identity } Si no está de acuerdo, dígalo en su página, y por qué.

        { page-requester }

        { arbitration }

        { sign }

n7_resolved =
    .version = 1
    .subject = { $domain }: el titular se dirigió a usted
    .body =
        { hello-requester }

        El titular nos dio las garantías que pedimos y se puso en contacto con usted. El asunto queda ahora entre ustedes dos; por esta pretensión no facilitamos datos ni hacemos nada al nombre. Si los datos de contacto resultan inútiles, díganoslo en su página: puede que entonces volvamos a examinarlo.

        { page-requester }

        { arbitration }

        { sign }

n7_granted =
    .version = 1
    .subject = { $domain }: se concedió su solicitud
    .body =
        { hello-requester }

        Decidimos facilitarle datos de estas clases:

        { $fields }

        No están en este mensaje. Pueden llegar en un paquete sellado, una vez que los afectados hayan tenido tiempo de buscar amparo y usted acepte las condiciones de uso: solo para este asunto, guardados con seguridad y borrados antes de una fecha fijada. Un tribunal o una reconsideración todavía puede detenerlo. Si pidió más que esto, el resto se deniega; las razones están en su página.

        { page-requester }

        { appeal-page }

        { arbitration }

        { sign }

n7_deactivated =
    .version = 1
    .subject = { $domain }: el nombre se retiró del DNS
    .body =
        { hello-requester }

        El nombre se retiró del DNS. Eso puede deshacerse, por ejemplo si la decisión se revoca. Con ello no se facilitan datos. { no-identity }

        { page-requester }

        { appeal-page }

        { arbitration }

        { sign }

n7_privacy_released =
    .version = 1
    .subject = { $domain }: terminó el servicio de privacidad del nombre
    .body =
        { hello-requester }

        El servicio de privacidad de este nombre ha terminado. Lo que es público sobre él puede consultarse en el directorio (RDAP o WHOIS). No facilitamos nada más. Si no está de acuerdo, dígalo en su página, y por qué.

        { page-requester }

        { arbitration }

        { sign }

n7_no_data =
    .version = 1
    .subject = { $domain }: no tenemos tales datos
    .body =
        { hello-requester }

        Buscamos y no tenemos, sobre este nombre y ese día, datos de la clase que pidió. Si cree que es un error, dígalo en su página, y por qué.

        { page-requester }

        { arbitration }

        { sign }

n7_lapsed =
    .version = 1
    .subject = { $domain }: su solicitud ha caducado
    .body =
        { hello-requester }

        Lo que faltaba en su solicitud no llegó a tiempo, y ha caducado. No se decidió nada sobre ella. Durante un tiempo puede retomarla en su página, que dice hasta cuándo; después puede hacer una nueva.

        { page-requester }

        { arbitration }

        { sign }

n7_withdrawn =
    .version = 1
    .subject = { $domain }: su solicitud está cerrada
    .body =
        { hello-requester }

        Retiró su solicitud, y está cerrada. No se decidió nada sobre ella. Si no fue usted quien la retiró, díganoslo en su página o por correo electrónico. Puede hacer una nueva solicitud en cualquier momento.

        { page-requester }

        { arbitration }

        { sign }

n7_preserved =
    .version = 1
    .subject = { $domain }: se conserva lo que tenemos
    .body =
        { hello-requester }

        Lo que tenemos y entra en su solicitud, si hay algo, se conserva hasta: { $until }. Con ello no se facilita nada. Para obtener datos, notifíquenos antes un acto procesal; puede pedirse a tiempo una prórroga. { no-identity }

        { page-requester }

        { arbitration }

        { sign }

n7_challenged =
    .version = 1
    .subject = { $domain }: nos oponemos a la orden
    .body =
        { hello-requester }

        Examinamos el documento que se nos notificó y nos oponemos a él, por este motivo:

        { $primary }

        Pedimos que se corrija, se limite o se retire. Hasta entonces no se facilita nada. Nuestras razones en detalle están en su página, donde puede responder a ellas o pedir tiempo. También podemos llevar la oposición ante el tribunal o la autoridad que emitió el documento. { no-identity }

        { page-requester }

        { arbitration }

        { sign }

n7_process_wanted =
    .version = 1
    .subject = { $domain }: solo se facilitan datos en virtud de un acto procesal
    .body =
        { hello-requester }

        Sin un acto procesal no facilitamos datos. Podemos conservar lo que tenemos, si hay algo, mientras usted lo obtiene: pídalo en su página. Una orden de un tribunal, u otro documento que nos obligue, puede presentarse también allí, o notificarse en nuestra dirección postal de abajo. Debería indicar el nombre de dominio, los datos, la ley en que se apoya, y a quién podemos devolver la llamada en un número publicado. { no-identity }

        { page-requester }

        { arbitration }

        { sign }

n7_emergency_decided =
    .version = 1
    .subject = { $domain }: se concedió su solicitud urgente
    .body =
        { hello-requester }

        Tratamos su solicitud como una emergencia y la concedimos. Debe seguir un acto procesal, a más tardar: { $process_due }. Preséntelo en su página. Si no llega, podemos decirlo en solicitudes posteriores y a quienes le supervisan. Puede informarse al titular cuando el peligro haya pasado. Lo que se facilitó solo puede usarse para evitar ese peligro.

        { page-requester }

        { arbitration }

        { sign }

n10_package =
    .version = 1
    .subject = { $domain }: un paquete sellado le espera
    .body =
        { hello-requester }

        Un paquete sellado le espera. Lea las condiciones de uso, acéptelas y recójalo una vez, a más tardar: { $due }.

        { $link }

        El enlace sirve una sola vez. Tenga a mano la clave o la frase secreta que se acordó con usted por teléfono. Si no acepta las condiciones, no lo recoja: díganos por qué, o pídanos tiempo por correo electrónico. Si no se recoge a tiempo, el enlace se extingue, y puede hacer falta una nueva decisión.

        { sign }

n10_receipt =
    .version = 1
    .subject = { $domain }: tenemos su acuse de recibo
    .body =
        { hello-requester }

        Tenemos su acuse de recibo del paquete. Según las condiciones que aceptó, usa los datos solo para este asunto, los guarda con seguridad, los transmite solo a un tribunal, una autoridad o su abogado, y los borra antes de la fecha que indica el paquete. Si en él hay datos falsos, perdidos o mal usados, díganoslo sin demora. Más tarde podemos decirle que se corrigieron o que deben borrarse; le rogamos que entonces lo haga y lo confirme.

        { page-requester }

        { arbitration }

        { sign }

n10_expired =
    .version = 1
    .subject = { $domain }: el paquete no se recogió
    .body =
        { hello-requester }

        El paquete no se recogió a tiempo. Su enlace se extinguió, y ya no puede abrirse. Si todavía necesita los datos, dígalo en su página, y por qué; entonces puede tomarse una nueva decisión. Allí también puede oponerse.

        { page-requester }

        { arbitration }

        { sign }

n11_appeal_requester =
    .version = 1
    .subject = { $domain }: cómo hacer que se reconsidere la decisión
    .body =
        { hello-requester }

        Tomamos una decisión sobre su solicitud; la encuentra con sus razones en su página.

        { page-requester }

        { appeal-page } Puede que ya no quepa otra reconsideración de esta decisión; su página lo dice entonces. Diga qué cree que está mal, y añada lo que lo apoye. Puede buscar asesoramiento jurídico y dejar que un abogado escriba por usted. Si nadie lo pide a tiempo, la decisión puede ser definitiva.

        { arbitration }

        { sign }

n13_reconsidered_requester =
    .version = 1
    .subject = { $domain }: el resultado de la reconsideración
    .body =
        { hello-requester }

        Personas que no participaron en la primera decisión la revisaron. El resultado:

        { $verdict }

        Las razones están en su página. Puede acudir a un tribunal cuyas órdenes nos obliguen, y buscar asesoramiento jurídico.

        { page-requester }

        { arbitration }

        { sign }

n14_correction =
    .version = 1
    .subject = { $domain }: datos que recibió deben corregirse o borrarse
    .body =
        { hello-requester }

        Datos de un paquete que recibió de nosotros se corrigieron, o deben borrarse. Son de estas clases:

        { $fields }

        Lo que hay que hacer está en su página, no en este mensaje. Le rogamos que lo haga sin demora, se lo diga a quienes transmitió los datos, y lo confirme allí. Si puede conservarlos por una ley o un procedimiento en curso, dígalo, y por qué. No hacer nada puede incumplir las condiciones que aceptó.

        { page-requester }

        { sign }
