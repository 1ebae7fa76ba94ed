# Textos que alguien firma o acepta; véase el archivo en inglés.

indemnity-1 =
    Promesa de indemnidad, por una sola pretensión

    Esta promesa la hace a { $office_name } el titular del nombre de dominio { $domain }. Vale para la única pretensión que se guarda con la referencia { $case }, y para ninguna otra.
    1. Lo que prometo. Si un tribunal, o una transacción que yo acepté, hace pagar a { $office_name } por esta pretensión, y la razón es que el titular del nombre de dominio no figuraba públicamente, compensaré lo que deba pagar y sus costes razonables de defensa.
    2. Lo que no prometo. No respondo de lo que { $office_name } cause por su propia culpa, ni de pretensiones sobre otros nombres u otros actos, ni de lo que { $office_name } transija sin haberme consultado.
    3. Cómo procedemos. { $office_name } me dice sin demora cuándo quiere acogerse a esta promesa, me muestra en qué se apoya, y me deja participar en la defensa.
    4. Lo que no es. Es una promesa por contrato. No admite que la pretensión sea cierta ni que se haya hecho algo malo. Los derechos que la ley me da y a los que no se puede renunciar, como consumidor por ejemplo, quedan intactos.
    5. Quién firma. Soy el titular, o puedo firmar por el titular y probarlo; quien firma es mayor de edad.
    6. Cuánto vale. Vale hasta que la pretensión se resuelva o ya no pueda plantearse. El texto, su versión y la hora de la firma se guardan el mismo tiempo.
    7. Asesoramiento. Pude buscar asesoramiento jurídico antes de firmar, pedir más tiempo, u oponerme en lugar de firmar.

contact_confirmation-1 =
    Confirmación de que se contactó con la parte reclamante

    Se trata de la pretensión que se guarda con la referencia { $case }, sobre el nombre de dominio { $domain }.
    1. Confirmo que yo, o alguien que actúa por mí, escribió a la parte reclamante sobre esta pretensión.
    2. Confirmo que el mensaje dio a la parte reclamante datos de contacto con los que puede localizarme a mí, o a un abogado u otro representante que actúa por mí en este asunto.
    3. Añado prueba de ello: una copia del mensaje y de su envío, o un mensaje que { $office_name } transmitió por mí.
    4. Sé que se preguntará a la parte reclamante si llegó, y que puede decir que no. Entonces se examina de nuevo; eso solo no se reprocha a nadie.
    5. Lo que confirmo es cierto según mi leal saber y entender. No admite que la pretensión sea cierta.

terms_of_use-1 =
    Traducción para su información; lo que se acuerda es el texto en inglés.
    Recibe datos sobre una persona para un solo asunto, el caso que indica el paquete.
    1. Use los datos solo para ese asunto: para plantear la pretensión, responder a ella o resolverla, o en el procedimiento que indica la orden. No los use para publicidad, para perfiles ni para un contacto sobre otra cosa.
    2. No publique los datos ni los transmita, salvo a un tribunal, a una autoridad, o a un abogado que actúe por usted en el asunto y acepte estas condiciones.
    3. Guarde los datos cifrados o bajo llave, solo para quienes trabajan en el asunto.
    4. Destruya los datos y todas las copias a más tardar en la fecha de borrado del paquete, salvo que una ley o un procedimiento en curso le obligue a guardarlos; entonces, en cuanto eso termine.
    5. Díganos sin demora toda pérdida, mal uso o acceso no autorizado, y todo error que encuentre.
    6. Cuando le digamos que unos datos se corrigieron o deben borrarse, hágalo y confírmelo.
    7. Cada copia lleva una marca propia. Usted responde ante la persona afectada y ante nosotros de lo que se haga con la suya.
