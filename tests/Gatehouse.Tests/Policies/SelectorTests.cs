using System.Net;
using System.Text.Json;
using Gatehouse.Model.Policies;
using Gatehouse.Tests.Fakes;

namespace Gatehouse.Tests.Policies;

/// <summary>Every selector: how it is written, and whom it means.</summary>
public class SelectorTests
{
    private const string Idp = "00000000-0000-0000-0000-0000000000aa";
    private static readonly Guid IdpId = Guid.Parse(Idp);

    [Theory]
    [InlineData("""{"email":{"email":"ada@example.com"}}""")]
    [InlineData("""{"email_list":{"id":"00000000-0000-0000-0000-000000000001"}}""")]
    [InlineData("""{"email_domain":{"domain":"example.com"}}""")]
    [InlineData("""{"everyone":{}}""")]
    [InlineData("""{"ip":{"ip":"192.0.2.0/24"}}""")]
    [InlineData("""{"ip_list":{"id":"00000000-0000-0000-0000-000000000001"}}""")]
    [InlineData("""{"geo":{"country_code":"DE"}}""")]
    [InlineData("""{"group":{"id":"00000000-0000-0000-0000-000000000001"}}""")]
    [InlineData("""{"login_method":{"id":"00000000-0000-0000-0000-000000000001"}}""")]
    [InlineData("""{"auth_method":{"auth_method":"mfa"}}""")]
    [InlineData("""{"azureAD":{"id":"86773093-5feb-48dd-814b-7ccd3676ff50","identity_provider_id":"00000000-0000-0000-0000-0000000000aa"}}""")]
    [InlineData("""{"auth_context":{"id":"ctx","ac_id":"c1","identity_provider_id":"00000000-0000-0000-0000-0000000000aa"}}""")]
    [InlineData("""{"github-organization":{"name":"acme","identity_provider_id":"00000000-0000-0000-0000-0000000000aa"}}""")]
    [InlineData("""{"github-organization":{"name":"acme","team":"ops","identity_provider_id":"00000000-0000-0000-0000-0000000000aa"}}""")]
    [InlineData("""{"gsuite":{"email":"devs@example.com","identity_provider_id":"00000000-0000-0000-0000-0000000000aa"}}""")]
    [InlineData("""{"okta":{"name":"Staff","identity_provider_id":"00000000-0000-0000-0000-0000000000aa"}}""")]
    [InlineData("""{"oidc":{"claim_name":"department","claim_value":"engines","identity_provider_id":"00000000-0000-0000-0000-0000000000aa"}}""")]
    [InlineData("""{"saml":{"attribute_name":"department","attribute_value":"engines","identity_provider_id":"00000000-0000-0000-0000-0000000000aa"}}""")]
    [InlineData("""{"external_evaluation":{"evaluate_url":"https://eval.example.com/","keys_url":"https://eval.example.com/keys"}}""")]
    [InlineData("""{"linked_app_token":{"app_uid":"00000000-0000-0000-0000-0000000000aa"}}""")]
    public void Echoes_as_it_was_written(string json)
    {
        Assert.True(TryRead(json, out var rule, out var fault), fault);

        Assert.Equal(json, RuleJson.Write(rule!));
    }

    [Theory]
    [InlineData("""{"device_posture":{"integration_uid":"x"}}""", "device client")]
    [InlineData("""{"user_risk_score":{"user_risk_score":["low"]}}""", "risk scores")]
    [InlineData("""{"cloudflare_account_member":{}}""", "member of an account at Cloudflare")]
    [InlineData("""{"linked_app_token":{"app_uid":"x"}}""", "SaaS application")]
    [InlineData("""{"saml":{"attribute_name":"department","attribute_value":"engines"}}""", "identity_provider_id")]
    [InlineData("""{"saml":{"attribute_name":"","attribute_value":"engines","identity_provider_id":"00000000-0000-0000-0000-0000000000aa"}}""", "attribute_name")]
    [InlineData("""{"saml":{"attribute_name":"department","identity_provider_id":"00000000-0000-0000-0000-0000000000aa"}}""", "attribute_value")]
    [InlineData("""{"no_such_thing":{}}""", "is not known")]
    [InlineData("""{"geo":{"country_code":"DEU"}}""", "two letters")]
    [InlineData("""{"auth_method":{"auth_method":""}}""", "RFC 8176")]
    [InlineData("""{"azureAD":{"id":"x"}}""", "identity_provider_id")]
    [InlineData("""{"github-organization":{"name":"a/b","identity_provider_id":"00000000-0000-0000-0000-0000000000aa"}}""", "organization's name")]
    [InlineData("""{"gsuite":{"email":"devs","identity_provider_id":"00000000-0000-0000-0000-0000000000aa"}}""", "address of a group")]
    [InlineData("""{"external_evaluation":{"evaluate_url":"http://eval.example.com/","keys_url":"https://eval.example.com/keys"}}""", "https")]
    [InlineData("""{"external_evaluation":{"evaluate_url":"https://u:p@eval.example.com/","keys_url":"https://eval.example.com/keys"}}""", "https")]
    [InlineData("""{"external_evaluation":{"evaluate_url":"https://eval.example.com/ x","keys_url":"https://eval.example.com/keys"}}""", "https")]
    [InlineData("""{"email":{"email":"a@b.c"},"everyone":{}}""", "exactly one")]
    public void What_cant_be_had_or_read_is_refused_with_the_reason(string json, string reason)
    {
        Assert.False(TryRead(json, out _, out var fault));
        Assert.Contains(reason, fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ProviderGroupKind.Azure, "86773093-5feb-48dd-814b-7ccd3676ff50", "86773093-5FEB-48DD-814B-7CCD3676FF50", true)]
    [InlineData(ProviderGroupKind.GitHub, "acme", "Acme", true)]
    [InlineData(ProviderGroupKind.GitHub, "acme", "acme/ops", false)]
    [InlineData(ProviderGroupKind.GitHub, "acme/ops", "acme", false)]
    [InlineData(ProviderGroupKind.GitHub, "acme/ops", "acme/ops", true)]
    [InlineData(ProviderGroupKind.Google, "devs@example.com", "Devs@example.com", true)]
    [InlineData(ProviderGroupKind.Okta, "Staff", "staff", false)]
    [InlineData(ProviderGroupKind.Okta, "Staff", "Staff", true)]
    public void A_providers_group_is_the_whole_name_from_that_provider(ProviderGroupKind kind, string named, string held, bool met)
    {
        var rule = new Rule.ProviderGroup(kind, named, IdpId);

        Assert.Equal(met, Meets(TestAccess.Visitor("ada@example.com", method: IdpId, claims: ("groups", [held])), rule));
        Assert.False(Meets(TestAccess.Visitor("ada@example.com", method: Guid.CreateVersion7(), claims: ("groups", [held])), rule));
        Assert.False(Meets(TestAccess.Visitor(null), rule));
    }

    [Theory]
    [InlineData("department", "engines", true)]
    [InlineData("department", "Engines", false)]
    [InlineData("Department", "engines", false)]
    [InlineData("department", "engine", false)]
    [InlineData("level", "", false)]
    public void An_attribute_is_compared_whole_and_counts_from_its_login_method_only(string name, string value, bool met)
    {
        var rule = new Rule.SamlClaim(name, value, IdpId);

        Assert.Equal(met, Meets(TestAccess.Visitor("ada@example.com", method: IdpId, claims: ("department", ["x", "engines"])), rule));
        Assert.False(Meets(TestAccess.Visitor("ada@example.com", method: Guid.CreateVersion7(), claims: ("department", ["x", "engines"])), rule));
        Assert.False(Meets(TestAccess.Visitor(null), rule));
    }

    [Theory]
    [InlineData("mfa", true)]
    [InlineData("pwd", true)]
    [InlineData("MFA", false)]
    [InlineData("otp", false)]
    public void An_auth_method_is_one_that_the_login_method_reported(string wanted, bool met)
    {
        var person = TestAccess.Visitor("ada@example.com").Identity!;
        var visitor = new Visitor(IPAddress.Loopback, new VisitorIdentity { Email = person.Email, LoginMethodId = default, Claims = person.Claims, Amr = ["pwd", "mfa"] });

        Assert.Equal(met, Meets(visitor, new Rule.AuthMethod(wanted)));
        Assert.False(Meets(TestAccess.Visitor("ada@example.com"), new Rule.AuthMethod(wanted)));
    }

    [Theory]
    [InlineData("DE", "DE", true)]
    [InlineData("AT", "DE", false)]
    [InlineData(null, "DE", false)]
    public void A_country_is_met_only_when_it_is_known(string? found, string wanted, bool met) =>
        Assert.Equal(met, Meets(TestAccess.Visitor(null) with { Country = found }, new Rule.Country(wanted)));

    [Theory]
    [InlineData(null, "198.51.100.1", true)] // an address that the database does not know
    [InlineData("RU", "198.51.100.1", true)]
    [InlineData("DE", "198.51.100.1", false)]
    [InlineData(null, "192.168.1.20", false)] // at home there is no country
    [InlineData(null, "fd12::20", false)]
    public void Where_a_country_keeps_people_out_an_unknown_one_does_too(string? found, string address, bool isOut)
    {
        var visitor = TestAccess.Visitor("ada@example.com", address) with { Country = found };
        var country = new Rule.Country("RU");
        var group = new RuleGroup { Id = Guid.CreateVersion7(), Name = "there", Include = [country] };
        foreach (var rule in new Rule[] { country, new Rule.Group(group.Id) })
        {
            foreach (var policies in new Policy[][]
            {
                [TestAccess.Policy(PolicyAction.Allow, "not there", [new Rule.Everyone()], [rule])],
                [TestAccess.Policy(PolicyAction.Deny, "there", [rule]), TestAccess.Policy(PolicyAction.Allow, "all", [new Rule.Everyone()])],
            })
            {
                var app = TestAccess.App("a.test", policies);
                var entry = TestAccess.Entry(app, group);
                Assert.Equal(isOut, PolicyEvaluator.AfterSignIn(entry, visitor).Kind != VerdictKind.Allow);
            }
        }

        // Nobody is let in for a country that is not known.
        Assert.Equal(found == "RU", Meets(visitor, country));
    }

    [Fact]
    public void An_authentication_context_is_one_of_acrs()
    {
        var rule = new Rule.AuthContext("x", "c1", IdpId);

        Assert.True(Meets(TestAccess.Visitor("a@b.c", method: IdpId, claims: ("acrs", ["c1", "c2"])), rule));
        Assert.False(Meets(TestAccess.Visitor("a@b.c", method: IdpId, claims: ("acrs", ["c2"])), rule));
        Assert.False(Meets(TestAccess.Visitor("a@b.c", claims: ("acrs", ["c1"])), rule));
    }

    [Fact]
    public void Lists_hold_what_was_put_on_them_and_nothing_when_they_are_of_the_other_kind()
    {
        var (people, networks) = (List(AccessListKind.Email, "ada@example.com"), List(AccessListKind.Ip, "192.0.2.0/25", "192.0.2.64/26", "2001:db8::/32", "198.51.100.7/32"));
        var app = TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Allow, "p", [new Rule.EmailList(people.Id)]));
        var scope = TestAccess.Table([app], [TestAccess.Method("Idp")], lists: [people, networks]).AppsByAud[app.Aud].Scope;

        Assert.True(RuleEvaluator.Meets(TestAccess.Visitor("ada@example.com"), new Rule.EmailList(people.Id), scope));
        Assert.False(RuleEvaluator.Meets(TestAccess.Visitor("eve@example.com"), new Rule.EmailList(people.Id), scope));
        Assert.False(RuleEvaluator.Meets(TestAccess.Visitor("ada@example.com"), new Rule.EmailList(networks.Id), scope));
        Assert.False(RuleEvaluator.Meets(TestAccess.Visitor(null), new Rule.IpList(people.Id), scope));
        foreach (var (address, met) in ((string, bool)[])[
            ("192.0.2.0", true), ("192.0.2.127", true), ("192.0.2.128", false), ("192.0.1.255", false), ("198.51.100.7", true), ("198.51.100.8", false),
            ("2001:db8::1", true), ("2001:db9::", false), ("0.0.0.0", false), ("255.255.255.255", false), ("::c000:200", false)])
        {
            Assert.Equal(met, RuleEvaluator.Meets(TestAccess.Visitor(null, address), new Rule.IpList(networks.Id), scope));
        }
    }

    [Fact]
    public void Policies_that_cant_be_judged_admit_nobody_and_refuse_everybody()
    {
        var people = List(AccessListKind.Email, "ada@example.com");
        foreach (var rule in (Rule[])[new Rule.EmailList(Guid.CreateVersion7()), new Rule.IpList(people.Id), new Rule.Group(Guid.CreateVersion7())])
        {
            var app = TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Allow, "p", [new Rule.Everyone()], exclude: [rule]));
            var entry = TestAccess.Table([app], [TestAccess.Method("Idp", Guid.Empty)], lists: [people]).AppsByAud[app.Aud];

            Assert.NotNull(entry.AfterSignIn[0].BrokenBecause);
            Assert.Equal(VerdictKind.NoMatch, PolicyEvaluator.AfterSignIn(entry, TestAccess.Visitor("ada@example.com")).Kind);
        }
    }

    [Fact]
    public void A_country_without_a_database_of_places_can_not_be_judged()
    {
        var policy = TestAccess.Policy(PolicyAction.Deny, "p", [new Rule.Country("RU")]);
        var app = TestAccess.App("a.test", policy, TestAccess.Policy(PolicyAction.Allow, "all", [new Rule.Everyone()]));
        var rows = new Gatehouse.Model.Snapshots.AccessRows
        {
            Organization = new Gatehouse.Model.Settings.Organization { Id = "x", Name = "x" },
            Apps = [app],
            Groups = [],
            KnowsPlaces = false,
            LoginMethods = [new Gatehouse.Model.Snapshots.LoginMethodEntry { Method = TestAccess.Method("Idp", Guid.Empty), ClientSecret = "" }],
            Hostnames = [],
            Keys = [],
        };

        var entry = Gatehouse.Model.Snapshots.AccessTableBuilder.Build(rows).AppsByAud[app.Aud];

        Assert.Equal(VerdictKind.Deny, PolicyEvaluator.AfterSignIn(entry, TestAccess.Visitor("ada@example.com")).Kind);
    }

    [Fact]
    public void A_group_shared_by_many_groups_is_walked_once()
    {
        List<RuleGroup> groups = [Group(new Rule.EmailDomain("example.com"))];
        for (var n = 0; n < 9; n++)
        {
            groups.Add(Group([.. groups.Select(g => new Rule.Group(g.Id))]));
        }

        var app = TestAccess.App("a.test", TestAccess.Policy(PolicyAction.Allow, "p", [new Rule.Group(groups[^1].Id)]));

        Assert.True(RuleWalk.All(new Rule.Group(groups[^1].Id), TestAccess.Entry(app, [.. groups]).Scope).Count() < 100);

        static RuleGroup Group(params Rule[] include) => new() { Id = Guid.CreateVersion7(), Name = Guid.CreateVersion7().ToString(), Include = [.. include] };
    }

    private static bool Meets(Visitor visitor, Rule rule) => RuleEvaluator.Meets(visitor, rule, RuleScope.Empty);

    private static bool TryRead(string json, out Rule? rule, out string? fault)
    {
        using var document = JsonDocument.Parse(json);
        return RuleJson.TryRead(document.RootElement, out rule, out fault);
    }

    private static AccessList List(AccessListKind kind, params string[] values) => new()
    {
        Id = Guid.CreateVersion7(),
        Name = kind.ToString(),
        Kind = kind,
        Items = [.. values.Select(v => new AccessListItem(v, "", TestAccess.Epoch))],
    };
}
