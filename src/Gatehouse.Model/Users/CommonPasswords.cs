using System.Collections.Frozen;

namespace Gatehouse.Model.Users;

/// <summary>Passwords and words that many choose, the most common first.</summary>
internal static class CommonPasswords
{
    /// <summary>Rank by password, from 1.</summary>
    public static FrozenDictionary<string, int> Ranked { get; } = List
        .Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
        .Distinct(StringComparer.Ordinal)
        .Select((word, i) => (word, i))
        .ToFrozenDictionary(w => w.word, w => w.i + 1, StringComparer.Ordinal);

    private const string List =
        """
        123456 password 123456789 12345678 12345 qwerty 1234567 111111 123123 1234567890 abc123 password1 iloveyou 1234 admin welcome
        monkey login dragon letmein football baseball sunshine master princess shadow superman michael jennifer hunter trustno1 batman
        passw0rd hello charlie donald freedom whatever ninja mustang access starwars computer internet secret solo zaq1zaq1 qazwsx
        qwerty123 qwertyuiop 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qazxsw2 zxcvbnm asdfghjkl asdfgh 654321 666666 696969 555555 000000 121212
        7777777 888888 987654321 112233 123321 123qwe test test123 test1234 guest root toor changeme default administrator user demo
        temp temporary support service system server network security private public office company business manager company1 gatehouse
        authentik cloudflare keycloak identity login1 welcome1 letmein1 password12 password123 password1234 admin123 admin1234 root123
        summer winter spring autumn monday tuesday wednesday thursday friday saturday sunday january february march april may june july
        august september october november december ashley bailey jordan andrew daniel thomas robert joshua matthew jessica amanda nicole
        hannah andrea maggie ginger pepper buster cookie tigger soccer hockey killer george harley ranger jordan23 yankees dallas austin
        thunder taylor matrix william corvette martin heather merlin diamond hammer silver golden orange banana cheese chocolate coffee
        flower purple yellow green black white blue red angel angels lovely beautiful forever family friends mother father brother sister
        baby honey sweet loveme love lover iloveu jesus christ heaven heavenly god blessed faith hope peace grace happy smile music
        guitar piano drums rock metal punk london paris berlin madrid rome america canada germany france spain italy england texas
        phoenix chelsea arsenal liverpool barcelona madrid juventus ferrari porsche mercedes bmw audi toyota honda yamaha kawasaki suzuki
        samsung apple google facebook twitter youtube amazon microsoft windows linux android iphone pokemon pikachu naruto minecraft
        fortnite gaming gamer player player1 hacker cheater warrior knight wizard magic dragon1 monster zombie vampire werewolf ghost
        killer1 snoopy scooby mickey minnie donald1 garfield simpson homer bart spiderman ironman captain marvel joker robin gandalf
        frodo hobbit legolas aragorn skywalker vader yoda jedi sith trek enterprise matrix1 terminator predator alien rambo rocky
        correct horse battery staple secret1 secret123 mypass mypassword pass pass123 pass1234 passwort kennwort motdepasse contrasena
        senha hallo schatz geheim sommer sonne fussball ficken qwertz qwertz123 azerty azertyuiop soleil bonjour doudou marseille
        loulou princesse amour chouchou hola mexico argentina colombia brasil estrella corazon teamo tequiero mierda
        apple123 abcd1234 abcdef abc12345 a1b2c3 a1b2c3d4 aa123456 aaaaaa q1w2e3 q1w2e3r4 p@ssw0rd p@ssword pa55word pa55w0rd
        the and you that this with have from they know want been good much some time very when come here just like long make many
        money house dream night light world water river ocean beach tiger eagle panda kitten puppy turtle rabbit horse1 lion wolf bear
        """;
}
