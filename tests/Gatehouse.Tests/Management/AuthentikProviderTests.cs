using System.Text.Json.Nodes;

namespace Gatehouse.Tests.Management;

/// <summary>Providers, applications, keys, flows and mappings of authentik's API, with the contract's traps.</summary>
public class AuthentikProviderTests
{
    [Fact]
    public async Task What_is_left_out_gets_the_default_that_works()
    {
        await using var host = await ApiHost.StartAsync();

        var provider = (await host.AuthentikAsync("POST", "/providers/oauth2/", Provider(host, "one"))).Expect(201);

        Assert.Matches("^[A-Za-z0-9]{40}$", provider.Text("client_id"));
        Assert.Matches("^[A-Za-z0-9]{128}$", provider.Text("client_secret"));
        Assert.Equal(host.KeyPair.ToString(), provider.Text("signing_key"));
        Assert.Equal("[\"authorization_code\",\"refresh_token\"]", provider.Text("grant_types"));
        Assert.Equal("authorization", provider.Text("redirect_uris.0.redirect_uri_type"));
        Assert.True(provider.Body!.AsObject().ContainsKey("assigned_application_slug"));
        Assert.Null(provider.Text("assigned_application_slug"));
        Assert.Equal("unassigned", provider.Text("warnings.0.code"));
        Assert.Equal("one", (await host.AuthentikAsync("GET", "/providers/all/?application__isnull=true")).Text("results.0.name"));
        Assert.DoesNotContain(provider.Text("client_secret")!, (await host.AuthentikAsync("GET", "/providers/all/")).Body!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_given_is_kept_as_given()
    {
        await using var host = await ApiHost.StartAsync();
        var mapping = (await host.AuthentikAsync("GET", "/propertymappings/provider/scope/?managed=goauthentik.io/providers/oauth2/scope-email")).Text("results.0.pk");
        var wanted = Provider(host, "two");
        (wanted["signing_key"], wanted["grant_types"], wanted["client_id"], wanted["client_secret"]) = (null, new JsonArray(), "my-id", "my-secret");
        (wanted["access_code_validity"], wanted["access_token_validity"], wanted["refresh_token_validity"]) = ("minutes=2", "hours=2;minutes=1", "days=3");
        (wanted["refresh_token_threshold"], wanted["include_claims_in_id_token"], wanted["sub_mode"], wanted["issuer_mode"]) = ("hours=1", false, "user_email", "global");
        (wanted["encryption_key"], wanted["authentication_flow"], wanted["client_type"]) = (host.KeyPair.ToString(), host.Flow.ToString(), "public");
        (wanted["logout_uri"], wanted["logout_method"]) = ("https://rp.example/out?x=1", "frontchannel");
        wanted["property_mappings"] = new JsonArray(mapping);
        wanted["redirect_uris"] = new JsonArray(Uri("strict", "https://rp.example/cb?a=b"), Uri("regex", "https://.*\\.example/cb", "logout"), Uri("strict", "app.immich:///oauth-callback"));

        var made = (await host.AuthentikAsync("POST", "/providers/oauth2/", wanted)).Expect(201);
        var path = $"/providers/oauth2/{made.Text("pk")}/";
        var read = await host.AuthentikAsync("GET", path);

        wanted["redirect_uris"]![0]!["redirect_uri_type"] = "authorization";
        wanted["redirect_uris"]![2]!["redirect_uri_type"] = "authorization";
        Assert.All(wanted, field => Assert.Equal(field.Value?.ToJsonString(), read.Body![field.Key]?.ToJsonString()));

        // PATCH changes what it names; PUT keeps what is optional and absent: the key must not come or go by itself.
        (await host.AuthentikAsync("PATCH", path, new JsonObject { ["name"] = "three" })).Expect(200);
        var put = (await host.AuthentikAsync("PUT", path, Provider(host, "four"))).Expect(200);
        Assert.Equal((null, "my-secret", "[]", "four"), (put.Text("signing_key"), put.Text("client_secret"), put.Text("grant_types"), put.Text("name")));
        Assert.NotEmpty((await host.AuthentikAsync("PUT", path, new JsonObject { ["name"] = "x" })).Expect(400).Body!["authorization_flow"]!.AsArray());
    }

    [Fact]
    public async Task A_public_client_can_not_become_confidential_without_a_secret()
    {
        await using var host = await ApiHost.StartAsync();
        var body = Provider(host, "spa");
        (body["client_type"], body["client_secret"]) = ("public", "");
        var path = $"/providers/oauth2/{(await host.AuthentikAsync("POST", "/providers/oauth2/", body)).Expect(201).Text("pk")}/";

        Assert.NotEmpty((await host.AuthentikAsync("PATCH", path, new JsonObject { ["client_type"] = "confidential" })).Expect(400).Body!["client_secret"]!.AsArray());
        (await host.AuthentikAsync("PATCH", path, new JsonObject { ["client_type"] = "confidential", ["client_secret"] = "s" })).Expect(200);
    }

    [Fact]
    public async Task An_application_gives_its_provider_an_issuer()
    {
        await using var host = await ApiHost.StartAsync();
        var provider = int.Parse((await host.AuthentikAsync("POST", "/providers/oauth2/", Provider(host, "one"))).Expect(201).Text("pk")!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal("", (await host.AuthentikAsync("GET", $"/providers/oauth2/{provider}/setup_urls/")).Text("issuer"));

        var app = (await host.AuthentikAsync("POST", "/core/applications/", App("app1", provider))).Expect(201);

        Assert.Equal(("https://rp.example", "one"), (app.Text("launch_url"), app.Text("provider_obj.name")));
        Assert.Equal("[]", app.Text("backchannel_providers_obj"));
        var urls = await host.AuthentikAsync("GET", $"/providers/oauth2/{provider}/setup_urls/");
        Assert.Equal("https://auth.example.com:8443/application/o/app1/", urls.Text("issuer"));
        Assert.Equal("https://auth.example.com:8443/application/o/app1/.well-known/openid-configuration", urls.Text("provider_info"));
        Assert.Equal("https://auth.example.com:8443/application/o/token/", urls.Text("token"));
        Assert.Equal("app1", (await host.AuthentikAsync("GET", $"/providers/oauth2/{provider}/")).Text("assigned_application_slug"));

        Assert.NotEmpty((await host.AuthentikAsync("POST", "/core/applications/", App("app2", provider))).Expect(400).Body!["provider"]!.AsArray());
        Assert.NotEmpty((await host.AuthentikAsync("POST", "/core/applications/", App("app1", null))).Expect(400).Body!["slug"]!.AsArray());
        (await host.AuthentikAsync("PATCH", "/core/applications/app1/", new JsonObject { ["slug"] = "renamed" })).Expect(200);
        (await host.AuthentikAsync("GET", "/core/applications/app1/")).Expect(404);
        (await host.AuthentikAsync("DELETE", $"/providers/oauth2/{provider}/")).Expect(204);
        var left = (await host.AuthentikAsync("GET", "/core/applications/renamed/")).Expect(200);
        Assert.Null(left.Text("provider"));
        (await host.AuthentikAsync("DELETE", "/core/applications/renamed/")).Expect(204);
    }

    [Fact]
    public async Task Hidden_applications_are_listed_for_those_who_ask()
    {
        await using var host = await ApiHost.StartAsync();
        var hidden = App("hidden", null);
        (hidden["meta_hide"], hidden["meta_description"], hidden["group"]) = (true, "d", "g");
        (await host.AuthentikAsync("POST", "/core/applications/", hidden)).Expect(201);

        Assert.Equal("0", (await host.AuthentikAsync("GET", "/core/applications/")).Text("pagination.count"));
        var all = await host.AuthentikAsync("GET", "/core/applications/?superuser_full_list=true");
        Assert.Equal(("d", "g", "true"), (all.Text("results.0.meta_description"), all.Text("results.0.group"), all.Text("results.0.meta_hide")));
    }

    [Fact]
    public async Task Keys_are_made_and_their_private_half_stays()
    {
        await using var host = await ApiHost.StartAsync();

        var pair = (await host.AuthentikAsync("POST", "/crypto/certificatekeypairs/generate/", new JsonObject { ["common_name"] = "k1", ["subject_alt_name"] = "a.example,10.0.0.1", ["validity_days"] = 365 })).Expect(200);

        Assert.Equal(("rsa", "true", "CN=k1"), (pair.Text("key_type"), pair.Text("private_key_available"), pair.Text("cert_subject")));
        Assert.DoesNotContain("PRIVATE", (await host.AuthentikAsync("GET", $"/crypto/certificatekeypairs/{pair.Text("pk")}/view_certificate/")).Text("data"), StringComparison.Ordinal);
        Assert.Equal("2", (await host.AuthentikAsync("GET", "/crypto/certificatekeypairs/?has_key=true")).Text("pagination.count"));
        Assert.Equal("1", (await host.AuthentikAsync("GET", "/crypto/certificatekeypairs/?name=k1")).Text("pagination.count"));
        (await host.AuthentikAsync("POST", "/crypto/certificatekeypairs/generate/", new JsonObject { ["common_name"] = "k1", ["validity_days"] = 1 })).Expect(400);
        (await host.AuthentikAsync("POST", "/crypto/certificatekeypairs/generate/", new JsonObject { ["common_name"] = "k2", ["validity_days"] = 0 })).Expect(400);
        (await host.AuthentikAsync("POST", "/crypto/certificatekeypairs/generate/", new JsonObject { ["common_name"] = "k2", ["validity_days"] = 1, ["alg"] = "ed448" })).Expect(400);
        (await host.AuthentikAsync("POST", "/crypto/certificatekeypairs/generate/", new JsonObject { ["common_name"] = "k2", ["validity_days"] = 1, ["subject_alt_name"] = "a b" })).Expect(400);
    }

    [Fact]
    public async Task Flows_and_mappings_are_found_by_the_names_guides_use()
    {
        await using var host = await ApiHost.StartAsync();

        var flow = await host.AuthentikAsync("GET", "/flows/instances/?slug=default-provider-authorization-implicit-consent");

        Assert.Equal(("1", host.Flow.ToString()), (flow.Text("pagination.count"), flow.Text("results.0.pk")));
        Assert.Equal("[]", (await host.AuthentikAsync("GET", "/flows/instances/default-provider-authorization-implicit-consent/")).Expect(200).Text("stages"));
        var mapping = await host.AuthentikAsync("GET", "/propertymappings/provider/scope/?scope_name=email");
        (await host.AuthentikAsync("GET", $"/propertymappings/provider/scope/{mapping.Text("results.0.pk")}/")).Expect(200);
        Assert.Equal("0", (await host.AuthentikAsync("GET", "/propertymappings/provider/scope/?managed__isnull=true")).Text("pagination.count"));
    }

    private static JsonObject Provider(ApiHost host, string name) => new()
    {
        ["name"] = name,
        ["authorization_flow"] = host.Flow.ToString(),
        ["invalidation_flow"] = host.Flow.ToString(),
        ["redirect_uris"] = new JsonArray(Uri("strict", "https://rp.example/cb")),
    };

    private static JsonObject App(string slug, int? provider) => new() { ["name"] = slug, ["slug"] = slug, ["provider"] = provider };

    private static JsonObject Uri(string mode, string url, string? type = null)
    {
        var uri = new JsonObject { ["matching_mode"] = mode, ["url"] = url };
        if (type is not null)
        {
            uri["redirect_uri_type"] = type;
        }

        return uri;
    }
}
