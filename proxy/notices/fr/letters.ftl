# Letters: notices to registrants that belong to no case. None holds a value of the registrant.

n18_publication =
    .version = 1
    .subject = { $domain } : des données à votre sujet vont devenir publiques
    .body =
        { hello-letter }

        Votre bureau d’enregistrement nous dit que vous avez accepté que des données sur ce nom soient montrées à tous, dans WHOIS et RDAP, les annuaires publics des noms de domaine. Il nous demande de montrer :

        { $fields }

        Les données seront montrées telles que votre bureau d’enregistrement les a. Elles ne figurent pas dans ce message : un courriel peut être lu en chemin. Pendant les 72 prochaines heures, nous n’en montrons rien.

        Si vous êtes d’accord, ne faites rien. Sinon, ouvrez ce lien et appuyez sur le bouton qui s’y trouve :

        { $link }

        Si vous dites non dans les 72 heures, rien de cela n’est montré. Si vous dites non plus tard, c’est retiré. Nous ne pouvons pas reprendre les copies que d’autres auront faites entre-temps. Vous pouvez aussi dire à tout moment à votre bureau d’enregistrement que vous ne le voulez plus.

        Le lien sert une fois, pendant 14 jours. S’il ne fonctionne plus, écrivez à { $office_mail } en indiquant la référence.

        { sign }
