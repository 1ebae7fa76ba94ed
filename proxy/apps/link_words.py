"""What the page behind a link says, by language and by what its button does.

A page asks nobody before its button is pressed, so its address says which of these it is. What a
button says is what is done: a link used under another page's words does nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from proxy.model.link import Purpose

if TYPE_CHECKING:
    from collections.abc import Mapping

Words: TypeAlias = tuple[str, str, str, str, str]
"""Title, button, what to do, done, and what is said of a link that is over."""

OPEN: Final[Mapping[str, Words]] = {
    "en": (
        "Open your message", "Continue",
        "Press the button once to confirm that you received our message.",
        "Thank you. We have noted that our message reached you.",
        "This link was used before, or is over. Ask for another, or write to us.",
    ),
    "de": (
        "Ihre Nachricht öffnen", "Weiter",
        "Bitte einmal auf den Knopf drücken: So bestätigen Sie, dass unsere Nachricht ankam.",
        "Danke. Wir haben vermerkt, dass unsere Nachricht Sie erreicht hat.",
        "Dieser Link wurde schon benutzt oder ist abgelaufen. Bitte einen neuen anfordern.",
    ),
    "es": (
        "Abrir su mensaje", "Continuar",
        "Pulse el botón una vez para confirmar que recibió nuestro mensaje.",
        "Gracias. Hemos anotado que nuestro mensaje le llegó.",
        "Este enlace ya se usó o ha caducado. Pida otro o escríbanos.",
    ),
    "fr": (
        "Ouvrir votre message", "Continuer",
        "Appuyez une fois sur le bouton pour confirmer la réception de notre message.",
        "Merci. Nous avons noté que notre message vous est parvenu.",
        "Ce lien a déjà servi ou a expiré. Demandez-en un autre ou écrivez-nous.",
    ),
    "hi": (
        "अपना संदेश खोलें", "आगे बढ़ें",
        "हमारा संदेश मिलने की पुष्टि के लिए बटन एक बार दबाएँ।",
        "धन्यवाद। हमने दर्ज कर लिया है कि हमारा संदेश आप तक पहुँच गया।",
        "यह लिंक पहले उपयोग हो चुका है या समाप्त हो गया है। नया लिंक माँगें या हमें लिखें।",
    ),
}  # fmt: skip
"""Links that give a session."""

_VERIFY: Final[Mapping[str, Words]] = {
    "en": (
        "Confirm your e-mail address", "Yes, this is my address",
        "Press the button once to confirm that you read this mailbox and that it is yours.",
        "Thank you. Your e-mail address is confirmed.",
        ("This link was used before, is over, or is for an address that is no longer on file."
         " Nothing was changed."),
    ),
    "de": (
        "E-Mail-Adresse bestätigen", "Ja, das ist meine Adresse",
        ("Bitte einmal auf den Knopf drücken: So bestätigen Sie, dass dieses Postfach Ihres ist und"
         " Sie es lesen."),
        "Danke. Ihre E-Mail-Adresse ist bestätigt.",
        ("Dieser Link wurde schon benutzt, ist abgelaufen oder gilt einer Adresse, die nicht mehr"
         " hinterlegt ist. Es wurde nichts geändert."),
    ),
    "es": (
        "Confirmar su dirección de correo", "Sí, es mi dirección",
        "Pulse el botón una vez para confirmar que este buzón es suyo y que lo lee.",
        "Gracias. Su dirección de correo está confirmada.",
        ("Este enlace ya se usó, ha caducado o es de una dirección que ya no consta. No se ha"
         " cambiado nada."),
    ),
    "fr": (
        "Confirmer votre adresse électronique", "Oui, c'est mon adresse",
        ("Appuyez une fois sur le bouton pour confirmer que cette boîte est la vôtre et que vous la"
         " lisez."),
        "Merci. Votre adresse électronique est confirmée.",
        ("Ce lien a déjà servi, a expiré ou concerne une adresse qui n'est plus enregistrée. Rien"
         " n'a été modifié."),
    ),
    "hi": (
        "अपने ईमेल पते की पुष्टि करें", "हाँ, यह मेरा पता है",
        "यह मेलबॉक्स आपका है और आप इसे पढ़ते हैं, इसकी पुष्टि के लिए बटन एक बार दबाएँ।",
        "धन्यवाद। आपके ईमेल पते की पुष्टि हो गई है।",
        ("यह लिंक पहले उपयोग हो चुका है, समाप्त हो गया है, या ऐसे पते का है जो अब दर्ज नहीं है। कुछ नहीं"
         " बदला गया।"),
    ),
}  # fmt: skip
_OBJECT: Final[Mapping[str, Words]] = {
    "en": (
        "Say no", "No, I object",
        "Press the button once to object to what our message announced. It will then not be done.",
        "Thank you. We have noted your objection: what our message announced will not be done.",
        "This link was used before, or is over. Write to us if you object.",
    ),
    "de": (
        "Nein sagen", "Nein, ich widerspreche",
        ("Bitte einmal auf den Knopf drücken, um dem zu widersprechen, was unsere Nachricht"
         " ankündigt. Es geschieht dann nicht."),
        "Danke. Ihr Widerspruch ist vermerkt: Was unsere Nachricht ankündigt, geschieht nicht.",
        ("Dieser Link wurde schon benutzt oder ist abgelaufen. Schreiben Sie uns, wenn Sie"
         " widersprechen."),
    ),
    "es": (
        "Decir que no", "No, me opongo",
        ("Pulse el botón una vez para oponerse a lo que anuncia nuestro mensaje. Entonces no se"
         " hará."),
        "Gracias. Hemos anotado su oposición: no se hará lo que anuncia nuestro mensaje.",
        "Este enlace ya se usó o ha caducado. Escríbanos si se opone.",
    ),
    "fr": (
        "Dire non", "Non, je m'oppose",
        ("Appuyez une fois sur le bouton pour vous opposer à ce que notre message annonce. Cela ne"
         " se fera pas."),
        "Merci. Votre opposition est notée : ce que notre message annonce ne se fera pas.",
        "Ce lien a déjà servi ou a expiré. Écrivez-nous si vous vous opposez.",
    ),
    "hi": (
        "मना करें", "नहीं, मुझे आपत्ति है",
        "हमारे संदेश में जो बताया गया है, उस पर आपत्ति के लिए बटन एक बार दबाएँ। तब वह नहीं किया जाएगा।",
        "धन्यवाद। आपकी आपत्ति दर्ज हो गई है: हमारे संदेश में जो बताया गया है, वह नहीं किया जाएगा।",
        "यह लिंक पहले उपयोग हो चुका है या समाप्त हो गया है। यदि आपको आपत्ति है तो हमें लिखें।",
    ),
}  # fmt: skip
DEEDS: Final[Mapping[str, Mapping[str, Words]]] = {
    Purpose.VERIFY.value: _VERIFY,
    Purpose.OBJECT.value: _OBJECT,
}
"""Links whose use is the deed itself."""
