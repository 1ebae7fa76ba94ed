# Avis aux demandeurs.

n0_step_up_requester =
    .version = 1
    .subject = { $domain } : confirmez ce que vous avez demandé
    .body =
        { hello-requester }

        Sur votre page, quelqu’un a voulu faire une chose qui vous engage. Si c’était vous, ouvrez ce lien dans les 30 minutes pour confirmer que vous lisez cette boîte aux lettres :

        { $link }

        Si ce n’était pas vous, ne faites rien : rien ne se passe alors. Dites-le-nous, s’il vous plaît, pour que nous puissions examiner l’affaire.

        { sign }

n1_acknowledgement =
    .version = 1
    .subject = { $domain } : nous avons reçu votre demande
    .body =
        { hello-requester }

        Nous avons votre demande et la traitons comme nos devoirs le prévoient. { no-identity }

        { $items_count ->
            [0] Autant que nous voyions, elle contient ce qu’il nous faut. Nous pourrons avoir encore des questions.
           *[other] Pour être examinée, elle doit encore contenir :
        }

        { $items }

        Sur votre page vous pouvez la compléter, suivre où elle en est, demander plus de temps ou la retirer.

        { page-requester }

        Ce qui peut suivre : nous vérifions qui vous êtes et si la demande est fondée. Elle peut être refusée, transmise au titulaire, ou accordée en tout ou en partie.

        { arbitration }

        { sign }

n2_missing_items =
    .version = 1
    .subject = { $domain } : ce qui manque encore à votre demande
    .body =
        { hello-requester }

        Votre demande ne peut pas encore être examinée, parce qu’il lui manque :

        { $items }

        Veuillez l’ajouter avant cet instant : { $due }. Si cela ne vient pas, la demande peut devenir caduque sans décision ; vous pourrez la reprendre plus tard. S’il vous faut plus de temps, dites-le avant, et pourquoi.

        { page-requester }

        { no-identity }

        { sign }

n2_contact_check =
    .version = 1
    .subject = { $domain } : des coordonnées utilisables vous sont-elles parvenues ?
    .body =
        { hello-requester }

        Le titulaire dit que lui-même, ou quelqu’un pour lui, vous a écrit et vous a donné des coordonnées dont vous pouvez vous servir. Dites-nous sur votre page s’il en est ainsi, avant cet instant : { $due }.

        { page-requester }

        Si nous n’avons pas de nouvelles d’ici là, nous pourrons tenir pour acquis que les coordonnées vous sont parvenues. Sinon, dites ce qui manque ; vous pouvez y demander plus de temps ou vous opposer. Une réponse fausse peut jouer contre votre demande.

        { sign }

n4_requester_reminder =
    .version = 1
    .subject = { $domain } : il manque encore quelque chose à votre demande
    .body =
        { hello-requester }

        Nous attendons encore quelque chose de vous. Cela devrait nous parvenir avant cet instant : { $due }. De quoi il s’agit figure sur votre page. Sans cela, la demande peut devenir caduque ou être décidée sur ce que nous avons. S’il vous faut plus de temps, dites-le avant, et pourquoi.

        { page-requester }

        { sign }

n6_delay =
    .version = 1
    .subject = { $domain } : notre réponse demande plus de temps
    .body =
        { hello-requester }

        Notre réponse à votre demande prend plus de temps que nous ne l’avions dit. Vous pouvez l’attendre avant cet instant : { $due }. Le pourquoi figure sur votre page ; vous pouvez y compléter votre demande ou vous opposer au retard.

        { page-requester }

        { arbitration }

        { sign }

n7_interim =
    .version = 1
    .subject = { $domain } : où en est votre demande
    .body =
        { hello-requester }

        Ceci est une réponse provisoire motivée. Votre demande est arrivée et est examinée : il faut entendre qui elle concerne, et mettre en balance ses intérêts et les vôtres, avant que des données puissent être communiquées ou refusées. Nous pensons décider avant cet instant : { $due }. { no-identity } Les raisons en détail figurent sur votre page, où vous pouvez compléter votre demande.

        { page-requester }

        { sign }

n7_refused =
    .version = 1
    .subject = { $domain } : votre demande a été refusée
    .body =
        { hello-requester }

        Nous avons examiné votre demande et la refusons, pour cette raison :

        { $primary }

        D’autres raisons, s’il y en a, figurent sur votre page. { no-identity }

        { page-requester }

        { appeal } Vous pouvez aussi faire une nouvelle demande si les circonstances ont changé, demander un conseil juridique, ou saisir un tribunal dont les ordres nous lient.

        { arbitration }

        { sign }

n7_forwarded =
    .version = 1
    .subject = { $domain } : nous avons transmis votre message
    .body =
        { hello-requester }

        Nous avons transmis votre message au titulaire et ne faisons rien d’autre pour le moment. Il est libre d’y répondre ou non. Vous pouvez lui écrire de nouveau par le contact qui est publié pour le nom. { no-identity } Si vous n’êtes pas d’accord, dites-le sur votre page, et pourquoi.

        { page-requester }

        { arbitration }

        { sign }

n7_redirected =
    .version = 1
    .subject = { $domain } : quelqu’un d’autre peut traiter votre demande
    .body =
        { hello-requester }

        Nous ne sommes pas le bon endroit pour votre demande. Veuillez vous adresser à :

        { $whom }

        Nous ne faisons rien d’autre. { no-identity } Si vous n’êtes pas d’accord, dites-le sur votre page, et pourquoi.

        { page-requester }

        { arbitration }

        { sign }

n7_resolved =
    .version = 1
    .subject = { $domain } : le titulaire s’est adressé à vous
    .body =
        { hello-requester }

        Le titulaire nous a donné les assurances que nous avions demandées et a pris contact avec vous. L’affaire est maintenant entre vous deux ; pour cette prétention nous ne communiquons pas de données et ne faisons rien au nom. Si les coordonnées se révèlent inutilisables, dites-le-nous sur votre page : nous pourrons alors y regarder de nouveau.

        { page-requester }

        { arbitration }

        { sign }

n7_granted =
    .version = 1
    .subject = { $domain } : votre demande a été accordée
    .body =
        { hello-requester }

        Nous avons décidé de vous communiquer des données de ces catégories :

        { $fields }

        Elles ne figurent pas dans ce message. Elles peuvent venir dans un paquet scellé, une fois que les personnes concernées ont eu le temps de chercher une protection, et que vous acceptez les conditions d’utilisation : pour cette seule affaire, gardées en sûreté, et effacées avant une date fixée. Un tribunal ou un réexamen peut encore l’arrêter. Si vous aviez demandé plus, le reste est refusé ; les raisons figurent sur votre page.

        { page-requester }

        { appeal-page }

        { arbitration }

        { sign }

n7_deactivated =
    .version = 1
    .subject = { $domain } : le nom a été retiré du DNS
    .body =
        { hello-requester }

        Le nom a été retiré du DNS. Cela peut être défait et pourra l’être, par exemple si la décision est annulée. Aucune donnée n’est communiquée de ce fait. { no-identity }

        { page-requester }

        { appeal-page }

        { arbitration }

        { sign }

n7_privacy_released =
    .version = 1
    .subject = { $domain } : le service de confidentialité pour le nom a pris fin
    .body =
        { hello-requester }

        Le service de confidentialité pour ce nom a pris fin. Ce qui est public à son sujet se consulte dans l’annuaire (RDAP ou WHOIS). Nous ne communiquons rien de plus. Si vous n’êtes pas d’accord, dites-le sur votre page, et pourquoi.

        { page-requester }

        { arbitration }

        { sign }

n7_no_data =
    .version = 1
    .subject = { $domain } : nous n’avons pas de telles données
    .body =
        { hello-requester }

        Nous avons cherché et n’avons pas, sur ce nom ce jour-là, de données du type que vous avez demandé. Si vous pensez que c’est faux, dites-le sur votre page, et pourquoi.

        { page-requester }

        { arbitration }

        { sign }

n7_lapsed =
    .version = 1
    .subject = { $domain } : votre demande est caduque
    .body =
        { hello-requester }

        Ce qui manquait à votre demande n’est pas venu à temps, et elle est devenue caduque. Rien n’a été décidé à son sujet. Vous pouvez la reprendre pendant un certain temps sur votre page, qui dit jusqu’à quand ; ensuite vous pourrez en faire une nouvelle.

        { page-requester }

        { arbitration }

        { sign }

n7_withdrawn =
    .version = 1
    .subject = { $domain } : votre demande est close
    .body =
        { hello-requester }

        Vous avez retiré votre demande, et elle est close. Rien n’a été décidé à son sujet. Si ce n’est pas vous qui l’avez retirée, dites-le-nous sur votre page ou par courriel. Vous pouvez faire une nouvelle demande à tout moment.

        { page-requester }

        { arbitration }

        { sign }

n7_preserved =
    .version = 1
    .subject = { $domain } : ce que nous avons est conservé
    .body =
        { hello-requester }

        Ce que nous avons et qui relève de votre demande, s’il y a quelque chose, est conservé jusqu’à cet instant : { $until }. Rien n’est communiqué de ce fait. Pour obtenir des données, signifiez-nous auparavant un acte de procédure ; une prolongation peut être demandée à temps. { no-identity }

        { page-requester }

        { arbitration }

        { sign }

n7_challenged =
    .version = 1
    .subject = { $domain } : nous nous opposons à l’ordre
    .body =
        { hello-requester }

        Nous avons examiné l’acte qui nous a été signifié et nous y opposons, pour cette raison :

        { $primary }

        Nous demandons qu’il soit corrigé, restreint ou retiré. Jusque-là rien n’est communiqué. Nos raisons en détail figurent sur votre page, où vous pouvez y répondre ou demander du temps. Nous pourrons aussi porter l’opposition devant le tribunal ou l’autorité dont émane l’acte. { no-identity }

        { page-requester }

        { arbitration }

        { sign }

n7_process_wanted =
    .version = 1
    .subject = { $domain } : les données ne sont communiquées que sur acte de procédure
    .body =
        { hello-requester }

        Sans acte de procédure nous ne communiquons pas de données. Nous pouvons conserver ce que nous avons, s’il y a quelque chose, pendant que vous l’obtenez : demandez-le sur votre page. Une ordonnance d’un tribunal, ou un autre acte qui nous lie, peut aussi y être déposé, ou être signifié à notre adresse postale ci-dessous. Il devrait indiquer le nom de domaine, les données, la loi sur laquelle il se fonde, et qui nous pouvons rappeler à un numéro publié. { no-identity }

        { page-requester }

        { arbitration }

        { sign }

n7_emergency_decided =
    .version = 1
    .subject = { $domain } : votre demande urgente a été accordée
    .body =
        { hello-requester }

        Nous avons traité votre demande comme une urgence et l’avons accordée. Un acte de procédure doit suivre avant cet instant : { $process_due } ; déposez-le sur votre page. S’il ne vient pas, nous pourrons le dire lors de demandes ultérieures et à ceux qui vous contrôlent. Le titulaire peut être informé une fois le danger passé. Ce qui a été communiqué ne peut servir qu’à écarter ce danger.

        { page-requester }

        { arbitration }

        { sign }

n10_package =
    .version = 1
    .subject = { $domain } : un paquet scellé vous attend
    .body =
        { hello-requester }

        Un paquet scellé vous attend. Lisez les conditions d’utilisation, acceptez-les, et retirez-le une fois, avant cet instant : { $due }.

        { $link }

        Le lien sert une seule fois. Ayez sous la main la clé ou la phrase secrète convenue avec vous au téléphone. Si vous n’acceptez pas les conditions, ne le retirez pas : dites-nous pourquoi, ou demandez-nous du temps par courriel. S’il n’est pas retiré à temps, le lien s’éteint, et une nouvelle décision peut être nécessaire.

        { sign }

n10_receipt =
    .version = 1
    .subject = { $domain } : nous avons votre accusé de réception
    .body =
        { hello-requester }

        Nous avons votre accusé de réception du paquet. Selon les conditions que vous avez acceptées, vous ne vous servez des données que pour cette affaire, les gardez en sûreté, ne les transmettez qu’à un tribunal, une autorité ou votre avocat, et les effacez avant la date que le paquet indique. Si des données y sont fausses, perdues ou mal employées, dites-le-nous sans délai. Nous pourrons vous dire plus tard qu’elles ont été corrigées ou doivent être effacées ; faites-le alors, s’il vous plaît, et confirmez-le.

        { page-requester }

        { arbitration }

        { sign }

n10_expired =
    .version = 1
    .subject = { $domain } : le paquet n’a pas été retiré
    .body =
        { hello-requester }

        Le paquet n’a pas été retiré à temps. Son lien est éteint, et il ne peut plus être ouvert. Si vous avez encore besoin des données, dites-le sur votre page, et pourquoi ; une nouvelle décision pourra alors être prise. Vous pouvez aussi vous y opposer.

        { page-requester }

        { arbitration }

        { sign }

n11_appeal_requester =
    .version = 1
    .subject = { $domain } : comment faire réexaminer la décision
    .body =
        { hello-requester }

        Nous avons pris une décision sur votre demande ; vous la trouvez avec ses raisons sur votre page.

        { page-requester }

        { appeal-page } Il se peut qu’il n’y ait plus de réexamen de cette décision ; votre page le dit alors. Dites ce que vous pensez être faux, et joignez ce qui l’appuie. Vous pouvez demander un conseil juridique et laisser un avocat écrire pour vous. Si personne ne le demande à temps, la décision peut devenir définitive.

        { arbitration }

        { sign }

n13_reconsidered_requester =
    .version = 1
    .subject = { $domain } : le résultat du réexamen
    .body =
        { hello-requester }

        Des personnes qui n’ont pas pris part à la première décision l’ont revue. Le résultat :

        { $verdict }

        Les raisons figurent sur votre page. Vous pouvez saisir un tribunal dont les ordres nous lient, et demander un conseil juridique.

        { page-requester }

        { arbitration }

        { sign }

n14_correction =
    .version = 1
    .subject = { $domain } : des données reçues doivent être corrigées ou effacées
    .body =
        { hello-requester }

        Des données d’un paquet que vous avez reçu de nous ont été corrigées, ou doivent être effacées. Elles relèvent de ces catégories :

        { $fields }

        Ce qu’il faut faire figure sur votre page, et non dans ce message. Faites-le sans délai, s’il vous plaît, dites-le à qui vous avez transmis les données, et confirmez-le là. Si une loi ou une procédure en cours vous permet de les garder, dites-le, et pourquoi. Ne rien faire peut enfreindre les conditions que vous avez acceptées.

        { page-requester }

        { sign }
