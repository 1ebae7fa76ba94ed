# Letters: notices to registrants that belong to no case. None holds a value of the registrant.

n18_publication =
    .version = 1
    .subject = { $domain }: datos sobre usted van a ser públicos
    .body =
        { hello-letter }

        Su registrador nos dice que usted aceptó que se muestren a todo el mundo datos sobre este nombre, en WHOIS y RDAP, los directorios públicos de nombres de dominio. Nos pide mostrar:

        { $fields }

        Los datos se mostrarán tal como constan en su registrador. No están en este mensaje: el correo puede leerse en el camino. Durante las próximas 72 horas no mostramos nada de ello.

        Si está de acuerdo, no haga nada. Si no está de acuerdo, abra este enlace y pulse el botón que hay allí:

        { $link }

        Si dice que no en 72 horas, no se muestra nada de esto. Si dice que no más tarde, se vuelve a retirar. Las copias que otros hayan hecho entretanto no podemos recuperarlas. También puede decir a su registrador en cualquier momento que ya no lo quiere.

        El enlace sirve una vez y durante 14 días. Si ya no funciona, escriba a { $office_mail } e indique la referencia.

        { sign }
