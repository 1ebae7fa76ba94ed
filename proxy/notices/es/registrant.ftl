# Avisos a titulares.

n0_step_up_registrant =
    .version = 1
    .subject = { $domain }: confirme lo que pidió
    .body =
        { hello-registrant }

        En su página alguien quiso hacer algo que le obliga. Si fue usted, abra este enlace en un plazo de 30 minutos para confirmar que lee este buzón:

        { $link }

        Si no fue usted, no haga nada: entonces no ocurre nada. Le rogamos que nos lo diga para que podamos investigarlo.

        { sign }

n3_demand =
    .version = 1
    .subject = { $domain }: una pretensión contra nosotros, y lo que le pedimos en un plazo fijado
    .body =
        { hello-registrant }

        Alguien amenaza con acciones legales, o las ha iniciado, que nos implican porque el titular de { $domain } no figura públicamente. En este asunto no hemos facilitado sus datos a nadie. No hemos constatado que la pretensión sea cierta, y este mensaje no le acusa de nada.

        Nuestras condiciones nos permiten pedirle dos garantías. Son independientes, y cada una se examina por sí misma:

        1. Su promesa de mantenernos indemnes por esta única pretensión, en el formulario que se muestra en su página.

        2. Su confirmación por escrito de que se puso en contacto con la parte reclamante y le dio datos de contacto, suyos o de un abogado, con prueba de ello. Un mensaje que transmitamos por usted vale como prueba.

        Su plazo para responder empieza cuando este mensaje le haya llegado. Otro mensaje indica entonces el momento exacto en que termina, y su página también.

        La pretensión, sin lo que es confidencial para la parte reclamante, está en su página. Allí puede elegir:

        A. Dar ambas garantías.
        B. Oponerse, con sus razones y lo que las apoye.
        C. Dejarnos indicar a la parte reclamante un abogado u otro contacto suyo.
        D. Poner fin por su cuenta al servicio de privacidad para este nombre, lo que hace públicos sus datos.
        E. Renunciar al nombre de dominio, salvo que esté bloqueado o retenido para un procedimiento.
        F. Decirnos que una divulgación le pondría en peligro, a usted o a otros.

        { page-registrant }

        Lo que puede seguir: si pasa el tiempo y falta una garantía, nada ocurre por sí solo. Entonces unas personas examinan sus razones y la pretensión. Pueden constatar un incumplimiento de las condiciones, o ninguno. Si constatan uno, pueden darle más tiempo, dar a la parte reclamante el contacto que usted designó, facilitarle datos de contacto suyos, retirar del DNS el nombre de dominio por un tiempo, o no hacer nada. Cada una de estas medidas sería una decisión aparte, con sus razones, y se le avisaría antes de ejecutarla, salvo que una ley lo prohíba.

        Si el plazo es demasiado corto, pida más tiempo antes de que termine y diga por qué. Puede buscar antes asesoramiento jurídico; este mensaje no lo es. Lo que escriba se tiene en cuenta antes de que se decida nada. Prometer la indemnidad no es admitir una falta, y no prometerla no prueba nada por sí solo.

        { arbitration }

        { sign }

n3_demand_post =
    .version = 1
    .subject = { $domain }: una carta nuestra está en camino
    .body =
        { hello-registrant }

        Un mensaje importante sobre este nombre no pudo entregársele por correo electrónico. Por eso lo enviamos también por correo postal a la dirección que tenemos de usted. Alguien plantea una pretensión, y le pedimos que responda. Su plazo empieza unos días después de entregar la carta al correo, o cuando conste que un mensaje le llegó; su página indica el momento exacto en que termina.

        { confirm-receipt }

        Después podrá leer el mensaje entero, oponerse, pedir más tiempo y decir por qué, o designar a un abogado. Puede buscar antes asesoramiento jurídico. Si nadie responde, puede que se decida sin conocer su punto de vista; el mero paso del tiempo no decide nada.

        { sign }

n3_notice =
    .version = 1
    .subject = { $domain }: alguien pregunta quién es titular de este nombre
    .body =
        { hello-registrant }

        Alguien que dice estar afectado en un derecho nos pide datos sobre el titular de { $domain }. En este asunto no se ha facilitado nada, y nada está decidido. Pide:

        { $fields }

        La solicitud y el motivo que indica están en su página. Su plazo para responder empieza cuando este mensaje le haya llegado. Otro mensaje indica entonces el momento exacto en que termina, y su página también.

        { page-registrant }

        { options-registrant }

        Lo que puede seguir: unas personas ponderan la solicitud frente a sus intereses y derechos. Pueden denegarla, transmitir solo un mensaje, o facilitar todos o parte de esos datos únicamente a quien los solicita, para el asunto de que se trata. Se le avisaría antes de facilitar nada, salvo que una ley lo prohíba. Si no responde, se decide con lo que sabemos; el silencio no cuenta ni como consentimiento ni como culpa.

        { sign }

n3_order_notice =
    .version = 1
    .subject = { $domain }: nos notificaron una orden de facilitar datos
    .body =
        { hello-registrant }

        Se nos notificó un documento que puede obligarnos a facilitar datos sobre el titular de { $domain }. Es de esta clase:

        { $instrument }

        Pide:

        { $fields }

        En virtud de este documento todavía no se ha facilitado nada. Puede pedir al tribunal o a la autoridad que lo emitió que lo anule, lo limite o proteja los datos. Si lo hace, envíenos prueba de ello; puede que entonces esperemos la resolución. Su plazo para responder empieza cuando este mensaje le haya llegado. Otro mensaje indica entonces el momento exacto en que termina, y su página también.

        { page-registrant }

        { options-registrant }

        Lo que puede seguir: si el documento es válido y ningún tribunal lo detiene, puede que debamos facilitar lo que indica, y nada más. Si no es válido, podemos rechazarlo o impugnarlo.

        { sign }

n3_window =
    .version = 1
    .subject = { $domain }: ha empezado su plazo para responder
    .body =
        { hello-registrant }

        Nuestra petición le llegó, y por tanto corre su plazo.

        Díganos, por favor, qué piensa hacer, a más tardar: { $intent_due }.

        Ambas garantías, la promesa de indemnidad y la confirmación de que se puso en contacto con la parte reclamante, deberían llegarnos a más tardar: { $assurances_due }.

        { page-registrant }

        { options-registrant }

        Si pasa el tiempo y falta una garantía, nada ocurre por sí solo. Entonces unas personas examinan sus razones y la pretensión. Pueden constatar un incumplimiento de las condiciones o ninguno; pueden facilitarse datos a la parte reclamante, o retirarse el nombre del DNS, cada cosa solo por una decisión aparte, o puede no seguir nada.

        { sign }

n3_time_runs =
    .version = 1
    .subject = { $domain }: ha empezado su plazo para responder
    .body =
        { hello-registrant }

        Nuestro aviso le llegó, y por tanto corre su plazo. Su respuesta debería llegarnos a más tardar: { $due }.

        { page-registrant }

        { options-registrant }

        Si pasa el tiempo, puede que se decida sin conocer su punto de vista. El mero paso del tiempo no decide nada.

        { sign }

n4_reminder =
    .version = 1
    .subject = { $domain }: su respuesta sigue pendiente
    .body =
        { hello-registrant }

        Le escribimos sobre una solicitud que le concierne. Su respuesta sigue pendiente y debería llegarnos a más tardar: { $due }.

        { page-registrant }

        { options-registrant }

        Si pasa el tiempo, puede que se decida sin conocer su punto de vista. El mero paso del tiempo no decide nada.

        { sign }

n5_final_reminder =
    .version = 1
    .subject = { $domain }: último recordatorio antes de que termine su plazo
    .body =
        { hello-registrant }

        Este es nuestro último recordatorio. Su respuesta debería llegarnos a más tardar: { $due }. Si necesita más tiempo, pídalo antes y diga por qué.

        { page-registrant }

        { options-registrant }

        Después puede que se decida con lo que se sabe. Puede constatarse un incumplimiento de las condiciones o no; pueden facilitarse datos a quien los solicita o no. El mero paso del tiempo no decide nada.

        { sign }

n6_extended =
    .version = 1
    .subject = { $domain }: tiene más tiempo para responder
    .body =
        { hello-registrant }

        Tiene más tiempo. Su respuesta debería llegarnos ahora a más tardar: { $due }.

        { page-registrant }

        { options-registrant }

        Si pasa ese tiempo, puede que se decida sin conocer su punto de vista.

        { sign }

n6_no_more_time =
    .version = 1
    .subject = { $domain }: su plazo para responder queda como está
    .body =
        { hello-registrant }

        Usted pidió más tiempo. Hemos considerado sus razones y no podemos darlo. Su respuesta debería llegarnos, como antes, a más tardar: { $due }. Las razones están en su página.

        { page-registrant }

        { options-registrant }

        Si pasa el tiempo, puede que se decida sin conocer su punto de vista. El mero paso del tiempo no decide nada.

        { arbitration }

        { sign }

n8_prerelease =
    .version = 1
    .subject = { $domain }: pueden facilitarse datos suyos a quien los solicita
    .body =
        { hello-registrant }

        Tras examinar la solicitud y lo que usted nos dijo, se decidió aquí, por personas, que estos datos se faciliten a quien los solicita y a nadie más:

        { $fields }

        No se facilitarán antes de: { $release_not_before }. Las razones están en su página.

        { page-registrant }

        { appeal-page } Si lo pide antes de que se faciliten los datos, no se facilitan hasta que se decida. También puede acudir entretanto a un tribunal y buscar asesoramiento jurídico; este mensaje no lo es.

        { arbitration }

        { sign }

n8_shortened =
    .version = 1
    .subject = { $domain }: pueden facilitarse datos suyos antes de lo anunciado
    .body =
        { hello-registrant }

        Un tribunal o una autoridad ha fijado una fecha anterior al fin del plazo que le indicamos, o que le habríamos indicado. Por eso estos datos pueden facilitarse antes:

        { $fields }

        Se facilitan a quien la orden indica y a nadie más. La fecha y las razones están en su página. Si quiere pedir al tribunal o a la autoridad que lo detenga, o a nosotros que lo reconsideremos, hágalo de inmediato y envíenos prueba de ello: mientras no se haya facilitado nada, todavía puede detenerse. Puede buscar asesoramiento jurídico; este mensaje no lo es.

        { page-registrant }

        { arbitration }

        { sign }

n8_predeactivation =
    .version = 1
    .subject = { $domain }: el nombre puede retirarse del DNS
    .body =
        { hello-registrant }

        Tras examinar la pretensión y lo que usted nos dijo, se decidió aquí, por personas, que { $domain } se retire del DNS. Las páginas web, el correo electrónico y todo lo demás bajo el nombre dejarían de funcionar. Puede deshacerse, y usted conserva el nombre. Con esta decisión no se facilitan datos a nadie.

        No se hará antes de: { $deactivation_not_before }. Las razones están en su página.

        { page-registrant }

        { appeal-page } Si lo pide antes de que se haga, no se hace hasta que se decida. También puede acudir entretanto a un tribunal y buscar asesoramiento jurídico; este mensaje no lo es. Si todavía puede dar lo que se le pidió, hágalo ahora: se tendrá en cuenta.

        { arbitration }

        { sign }

n8_breach =
    .version = 1
    .subject = { $domain }: se constató un incumplimiento de las condiciones
    .body =
        { hello-registrant }

        Dos personas constataron que las garantías que le pedimos no se dieron, y que en ello hay un incumplimiento de las condiciones del servicio de privacidad. Las razones están en su página. En este asunto no se facilitó nada a nadie, y el nombre no se tocó. Lo que siga de ello, si algo sigue, sería una decisión aparte; puede que se le avise antes de ejecutarla.

        { page-registrant }

        { options-registrant }

        { appeal-page }

        { arbitration }

        { sign }

n8_no_breach =
    .version = 1
    .subject = { $domain }: no se constató ningún incumplimiento de las condiciones
    .body =
        { hello-registrant }

        Examinamos si se deben las garantías que le pedimos, y no constatamos ningún incumplimiento de las condiciones. En este asunto no se facilitó nada a nadie, y el nombre no se tocó. Si la pretensión continúa, puede que volvamos a escribirle. Las razones están en su página, donde también puede oponerse, pedir tiempo o designar a un abogado.

        { page-registrant }

        { arbitration }

        { sign }

n8_refused =
    .version = 1
    .subject = { $domain }: se denegó la solicitud sobre su nombre
    .body =
        { hello-registrant }

        La solicitud sobre { $domain } por la que le escribimos se denegó. En este asunto no se facilitó nada, y el nombre no se tocó. Quien la hizo puede pedir que se reconsidere o acudir a un tribunal; si eso le concierne, puede que volvamos a escribirle, y entonces podrá oponerse como antes. No tiene que hacer nada.

        { confirm-receipt }

        { arbitration }

        { sign }

n8_resolved =
    .version = 1
    .subject = { $domain }: ambas garantías son satisfactorias
    .body =
        { hello-registrant }

        Las dos garantías que dio se consideraron satisfactorias. Por esta pretensión no facilitamos datos ni hacemos nada al nombre: el asunto queda entre usted y la parte reclamante. Conservamos la promesa de indemnidad y, dentro de unas semanas, puede que miremos una vez más si el asunto ha quedado zanjado. Una nueva pretensión sería un nuevo asunto, del que le informaríamos. No tiene que hacer nada.

        { confirm-receipt }

        { arbitration }

        { sign }

n9_disclosed =
    .version = 1
    .subject = { $domain }: se facilitaron datos suyos a alguien
    .body =
        { hello-registrant }

        Se facilitaron datos suyos. Son de estas clases:

        { $fields }

        Se facilitaron a:

        { $recipient }

        El motivo por el que se facilitaron:

        { $basis }

        { data-elsewhere } En su página ve lo que se facilitó, y las condiciones que el destinatario aceptó: usarlos solo para este asunto, guardarlos con seguridad y borrarlos antes de una fecha fijada. Si cree que se usaron mal, o que son falsos, díganoslo allí. Puede oponerse a que se sigan usando, pedir tiempo para exponer su punto de vista y buscar asesoramiento jurídico; este mensaje no lo es.

        { page-registrant }

        { arbitration }

        { sign }

n9_deactivated =
    .version = 1
    .subject = { $domain }: el nombre se retiró del DNS
    .body =
        { hello-registrant }

        { $domain } se retiró del DNS. Puede que las páginas web, el correo electrónico y todo lo demás bajo el nombre no funcionen ahora. Puede deshacerse, y usted conserva el nombre. Con ello no se facilitaron datos a nadie. Las razones están en su página.

        { page-registrant }

        { appeal } Si la decisión se revoca, o si desaparece aquello en que se apoya, el nombre puede reponerse de inmediato. Puede buscar asesoramiento jurídico; este mensaje no lo es.

        { arbitration }

        { sign }

n9_restored =
    .version = 1
    .subject = { $domain }: el nombre está de nuevo en el DNS
    .body =
        { hello-registrant }

        { $domain } se repuso en el DNS. Pueden pasar algunas horas hasta que todos los servidores lo vean. Si después algo no funciona, díganoslo a nosotros o a su registrador. No tiene que hacer nada más.

        { confirm-receipt }

        { arbitration }

        { sign }

n11_appeal_registrant =
    .version = 1
    .subject = { $domain }: cómo hacer que se reconsidere la decisión
    .body =
        { hello-registrant }

        Tomamos una decisión que le concierne; la encuentra con sus razones en su página.

        { page-registrant }

        { appeal-page } Puede que ya no quepa otra reconsideración de esta decisión; su página lo dice entonces. Diga qué cree que está mal, y añada lo que lo apoye. Puede buscar asesoramiento jurídico y dejar que un abogado escriba por usted; este mensaje no es asesoramiento jurídico. Si nadie lo pide a tiempo, la decisión puede ejecutarse.

        { arbitration }

        { sign }

n12_gag_lifted =
    .version = 1
    .subject = { $domain }: lo que hasta ahora no podíamos decirle
    .body =
        { hello-registrant }

        Hasta ahora la ley nos prohibía hablarle de una solicitud sobre usted. Eso ha terminado, y por eso se lo decimos.

        { data-elsewhere } Qué se pidió, si se facilitó algo, por qué motivo y a quién, está en su página, en la medida en que podemos mostrarlo. Allí puede oponerse a que se sigan usando datos, decirnos que algo es falso o designar a un abogado. Puede que tenga un recurso ante el tribunal o la autoridad que emitió la orden; el asesoramiento jurídico puede ayudar. Este mensaje no es asesoramiento jurídico.

        { page-registrant }

        { arbitration }

        { sign }

n13_reconsidered_registrant =
    .version = 1
    .subject = { $domain }: el resultado de la reconsideración
    .body =
        { hello-registrant }

        Personas que no participaron en la primera decisión la revisaron. El resultado:

        { $verdict }

        Las razones están en su página. Si la decisión se mantiene, puede ejecutarse desde ahora; si se revocó, lo que se hizo con el nombre puede deshacerse de inmediato. Puede acudir a un tribunal y buscar asesoramiento jurídico; este mensaje no lo es.

        { page-registrant }

        { arbitration }

        { sign }

n15_incident =
    .version = 1
    .subject = { $domain }: se facilitaron datos suyos sin motivo válido
    .body =
        { hello-registrant }

        Se facilitaron datos suyos aunque no debieron facilitarse. Lo lamentamos. De qué clases son, y a quién se facilitaron, está en su página.

        Hemos pedido que se borren e investigamos cómo ocurrió. Lo que sabemos, y lo que hacemos, está en su página. Alguien podría intentar usar esos datos: desconfíe de llamadas, cartas y mensajes que se refieran a ellos. Si teme por su seguridad, díganoslo de inmediato. Puede oponerse, pedirnos ayuda y buscar asesoramiento jurídico; este mensaje no lo es. Puede que también tenga derecho a una compensación.

        { data-elsewhere }

        { page-registrant }

        { arbitration }

        { sign }

n16_was_i_disclosed =
    .version = 1
    .subject = { $domain }: su pregunta de si se facilitaron datos
    .body =
        { hello-registrant }

        Preguntó si se facilitaron datos suyos a alguien. Quien lo pregunta recibe de nosotros siempre esta misma respuesta, sea cual sea el caso:

        Avisamos a los titulares de una divulgación en cuanto podemos hacerlo. A veces una ley o un tribunal nos prohíbe por un tiempo decirlo, y entonces nos prohíbe también decir que es así. Esta respuesta, pues, no significa que se haya facilitado algo, ni que no se haya facilitado nada. Lo que podemos mostrar hoy está en su página; lo que se añada después, se lo diremos por iniciativa propia.

        { page-registrant }

        En su página puede oponerse al uso de sus datos y designar a un abogado que hable por usted. Puede buscar asesoramiento jurídico; este mensaje no lo es.

        { arbitration }

        { sign }

n17_verify_email =
    .version = 1
    .subject = { $domain }: confirme su dirección de correo
    .body =
        { hello-letter }

        Nos indicaron esta dirección de correo como suya. Las normas de los nombres de dominio piden que el titular la confirme. Abra este enlace y pulse allí el botón antes de { $due }:

        { $link }

        Su dirección sigue oculta: al confirmarla no se publica nada. Vale también para sus otros nombres con el mismo registrador y la misma dirección.

        Si la dirección no se confirma hasta entonces, se lo diremos a su registrador, que puede preguntarle por otra vía o suspender el nombre. Si no conoce este nombre de dominio, no haga nada.

        { sign }

n17_verify_email_reminder =
    .version = 1
    .subject = { $domain }: su dirección de correo aún no está confirmada
    .body =
        { hello-letter }

        Hace unos días le pedimos que confirmara esta dirección de correo y aún no tenemos respuesta. Abra este enlace y pulse allí el botón antes de { $due }:

        { $link }

        Su dirección sigue oculta: al confirmarla no se publica nada. Este es el único recordatorio.

        Si la dirección no se confirma hasta entonces, se lo diremos a su registrador, que puede preguntarle por otra vía o suspender el nombre. Si no conoce este nombre de dominio, no haga nada.

        { sign }
