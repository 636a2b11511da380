using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Model.Apps;
using Gatehouse.Model.LoginMethods;
using Gatehouse.Model.Machines;
using Gatehouse.Model.Origins;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Settings;
using Gatehouse.Model.Snapshots;

namespace Gatehouse.Tests.Fakes;

/// <summary>Builds what an <see cref="AccessTable"/> is made from.</summary>
internal static class TestAccess
{
    /// <summary>A moment before the fake clock starts.</summary>
    public static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>An app on <paramref name="domain"/> with these policies in order.</summary>
    public static App App(string domain, params Policy[] policies)
    {
        var id = Guid.CreateVersion7();
        return new App
        {
            Id = id,
            Aud = Convert.ToHexStringLower(SHA256.HashData(id.ToByteArray())),
            Name = domain,
            Domains = [domain],
            Policies = [.. policies.Select((p, n) => new AppPolicy { AppId = id, PolicyId = p.Id, Policy = p, Precedence = n + 1 })],
        };
    }

    /// <summary>A policy.</summary>
    public static Policy Policy(PolicyAction action, string name, Rule[] include, Rule[]? exclude = null, Rule[]? require = null, TimeSpan? duration = null) => new()
    {
        Id = Guid.CreateVersion7(),
        Name = name,
        Action = action,
        Include = [.. include],
        Exclude = [.. exclude ?? []],
        Require = [.. require ?? []],
        SessionDuration = duration,
    };

    /// <summary>The compiled form of <paramref name="app"/>, where the login method of <see cref="Visitor"/> exists.</summary>
    public static AppEntry Entry(App app, params RuleGroup[] groups) => Table([app], [Method("Idp", Guid.Empty)], groups: groups).AppsByAud[app.Aud];

    /// <summary>A visitor; null for <paramref name="email"/> means nobody signed in.</summary>
    public static Visitor Visitor(string? email, string address = "203.0.113.9", Guid method = default, params (string Name, string[] Values)[] claims) => new(
        IPAddress.Parse(address),
        email is null ? null : new VisitorIdentity
        {
            Email = email,
            LoginMethodId = method,
            Claims = claims.ToDictionary(c => c.Name, c => (IReadOnlyList<string>)c.Values),
        });

    /// <summary>A login method that no one calls.</summary>
    public static LoginMethod Method(string name, Guid? id = null) => new()
    {
        Id = id ?? Guid.CreateVersion7(),
        Name = name,
        Type = "oidc",
        ClientId = "gatehouse",
        SealedClientSecret = [],
        AuthUrl = "https://idp.test/authorize",
        TokenUrl = "https://idp.test/token",
        CertsUrl = "https://idp.test/certs",
        CreatedAt = Epoch,
    };

    /// <summary>A signing key.</summary>
    public static AccessSigningKey Key(RSA rsa, DateTimeOffset? expiresAt = null)
    {
        var request = new CertificateRequest("CN=access", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(Epoch, Epoch.AddYears(1));
        return new AccessSigningKey
        {
            Kid = Convert.ToHexStringLower(SHA256.HashData(rsa.ExportSubjectPublicKeyInfo())),
            CertificatePem = certificate.ExportCertificatePem(),
            Rsa = rsa,
            ExpiresAt = expiresAt,
        };
    }

    /// <summary>A table. What apps cover is published, unless told otherwise.</summary>
    public static AccessTable Table(
        IReadOnlyList<App> apps, IReadOnlyList<LoginMethod>? methods = null, IReadOnlyList<AccessSigningKey>? keys = null, IReadOnlyList<RuleGroup>? groups = null,
        IReadOnlyList<string>? published = null, IReadOnlyList<AccessList>? lists = null, IReadOnlyList<CustomPage>? pages = null,
        IReadOnlyList<ServiceToken>? machines = null, Organization? organization = null) =>
        AccessTableBuilder.Build(new AccessRows
        {
            Organization = organization ?? new Organization { Id = "0123456789abcdef0123456789abcdef", Name = "Example Ltd" },
            Apps = apps,
            Groups = groups ?? [],
            Lists = lists ?? [],
            CustomPages = pages ?? [],
            LoginMethods = [.. (methods ?? []).Select(m => new LoginMethodEntry { Method = m, ClientSecret = "s3cret" })],
            Hostnames =
            [
                .. (published ?? [.. apps.SelectMany(a => a.Domains).Select(d => d.Split('/')[0]).Distinct()])
                    .Select(h => new PublicHostname { Id = Guid.CreateVersion7(), Hostname = h, Service = "http://127.0.0.1:9" }),
            ],
            Keys = keys ?? [],
            ServiceTokens = machines ?? [],
        });
}
