# Textes que quelqu’un signe ou accepte ; voir le fichier anglais.

indemnity-1 =
    Promesse de garantie, pour une seule prétention

    Cette promesse est faite à { $office_name } par le titulaire du nom de domaine { $domain }. Elle vaut pour la seule prétention conservée sous la référence { $case }, et pour nulle autre.
    1. Ce que je promets. Si un tribunal, ou une transaction à laquelle j’ai consenti, fait payer { $office_name } à cause de cette prétention, et que la raison en est que le titulaire du nom de domaine n’était pas nommé publiquement, je rembourse ce qu’il y a à payer et les frais raisonnables de défense.
    2. Ce que je ne promets pas. Je ne réponds pas de ce que { $office_name } cause par sa propre faute, ni de prétentions sur d’autres noms ou d’autres actes, ni de ce que { $office_name } transige sans m’avoir consulté.
    3. Comment nous procédons. { $office_name } me dit sans délai quand cette promesse doit être invoquée, me montre sur quoi cela repose, et me laisse prendre part à la défense.
    4. Ce que ce n’est pas. C’est une promesse par contrat. Elle ne reconnaît pas que la prétention est fondée ni qu’un tort a été commis. Les droits que la loi me donne et auxquels on ne peut renoncer, comme consommateur par exemple, restent entiers.
    5. Qui signe. Je suis le titulaire, ou je peux signer pour le titulaire et le prouver ; qui signe est majeur.
    6. Combien de temps elle vaut. Elle vaut jusqu’à ce que la prétention soit réglée ou ne puisse plus être élevée. Le texte, sa version et l’heure de la signature sont conservés aussi longtemps.
    7. Conseil. J’ai pu demander un conseil juridique avant de signer, demander plus de temps, ou m’opposer au lieu de signer.

contact_confirmation-1 =
    Confirmation que la partie plaignante a été contactée

    Il s’agit de la prétention conservée sous la référence { $case }, qui concerne le nom de domaine { $domain }.
    1. Je confirme que moi-même, ou quelqu’un qui agit pour moi, a écrit à la partie plaignante au sujet de cette prétention.
    2. Je confirme que le message donnait à la partie plaignante des coordonnées auxquelles elle peut me joindre, ou joindre un avocat ou un autre représentant qui agit pour moi dans cette affaire.
    3. J’en joins la preuve : une copie du message et de son envoi, ou un message que { $office_name } a transmis pour moi.
    4. Je sais qu’il sera demandé à la partie plaignante si le message est arrivé, et qu’elle peut dire que non. On y regarde alors de nouveau ; cela seul n’est reproché à personne.
    5. Ce que je confirme est vrai autant que je sache. Cela ne reconnaît pas que la prétention est fondée.

terms_of_use-1 =
    Traduction pour votre information ; c’est le texte anglais qui est convenu.
    Vous recevez des données sur une personne pour une seule affaire, le dossier que le paquet désigne.
    1. N’utilisez les données que pour cette affaire : pour élever la prétention, y répondre ou la régler, ou dans la procédure que l’ordre désigne. Ne les utilisez pas pour de la publicité, du profilage, ni pour un contact sur autre chose.
    2. Ne publiez pas les données et ne les transmettez pas, sauf à un tribunal, à une autorité, ou à un avocat qui agit pour vous dans l’affaire et accepte ces conditions.
    3. Gardez les données chiffrées ou sous clé, pour les seules personnes qui travaillent à l’affaire.
    4. Détruisez les données et toutes les copies au plus tard à la date d’effacement du paquet, à moins qu’une loi ou une procédure en cours ne vous oblige à les garder ; alors dès que cela prend fin.
    5. Dites-nous sans délai toute perte, tout mauvais usage ou accès non autorisé, et toute erreur que vous trouvez.
    6. Quand nous vous disons que des données ont été corrigées ou doivent être effacées, faites-le et confirmez-le.
    7. Chaque exemplaire porte une marque qui lui est propre. Vous répondez devant la personne concernée et devant nous de ce qui est fait du vôtre.
