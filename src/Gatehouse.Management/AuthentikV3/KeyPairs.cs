using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Keys;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/crypto/certificatekeypairs/ (contract §4.10): list, read, make. Private keys do not leave.</summary>
internal sealed class KeyPairs(KeyPairDirectory directory, GenerateKeyPair generate)
{
    private const string Model = "CertificateKeyPair";
    private const string Root = "/crypto/certificatekeypairs/";

    public static void Map(ApiRoutes routes) => routes
        .Get<KeyPairs>(Root, Need.Superuser, (k, r) => k.ListAsync(r))
        .Post<KeyPairs>(Root + "generate/", Need.Superuser, (k, r) => k.GenerateAsync(r))
        .Get<KeyPairs>(Root + "{id}/", Need.Superuser, (k, r) => k.RetrieveAsync(r, Body))
        .Get<KeyPairs>(Root + "{id}/view_certificate/", Need.Superuser, (k, r) => k.RetrieveAsync(r, f => new JsonObject { ["data"] = f.Pair.CertificatePem }));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var (name, managed, search) = (query.Text("name"), query.Text("managed"), query.Search);
        var types = query.Texts("key_type");
        var hasKey = query.Flag("has_key") ?? true;
        _ = query.Order(new Ordering<KeyPairFacts>(("name", k => k.Pair.Name), ("pk", k => k.Pair.Id)));
        return query.AnswerAsync(
            async paging =>
            {
                var found = (await directory.ListAsync(request.Aborted))
                    .Where(k => hasKey && (name is null || k.Pair.Name == name) && (managed is null || k.Pair.Managed == managed)
                        && (types.Count == 0 || types.Contains(k.KeyType)) && (search is null || k.Pair.Name.Contains(search, StringComparison.OrdinalIgnoreCase)))
                    .ToList();
                return new Slice<KeyPairFacts>([.. found.Skip((int)Math.Min(paging.Skip, int.MaxValue)).Take(paging.Size)], found.Count);
            },
            Body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request, Func<KeyPairFacts, JsonObject> body) =>
        Answer.OneOf(request.RouteGuid("id") is { } id ? await directory.FindAsync(id, request.Aborted) : null, Model, body);

    private async Task<IResult> GenerateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("common_name", "validity_days");
        var name = body.Text("common_name", 64, mayBeBlank: false).Or("");
        var alternatives = body.NullableText("subject_alt_name", 10_000).Or("") ?? "";
        var days = body.Number("validity_days").Or(0);
        if (body.Text("alg", 20).Or("rsa") is var alg && alg != "rsa")
        {
            body.Refuse("alg", $"\"{alg}\" is not supported yet; known: rsa.");
        }

        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(
                await generate.RunAsync(name, alternatives, days, request.Aborted), Model, pair => Task.FromResult(Answer.Ok(Body(KeyPairFacts.Of(pair)))));
    }

    private static JsonObject Body(KeyPairFacts facts) => new()
    {
        ["pk"] = facts.Pair.Id.ToString(),
        ["name"] = facts.Pair.Name,
        ["fingerprint_sha256"] = Colons(facts.Sha256),
        ["fingerprint_sha1"] = Colons(facts.Sha1),
        ["cert_expiry"] = JsonList.Time(facts.ExpiresAt),
        ["cert_subject"] = facts.Subject,
        ["private_key_available"] = true,
        ["key_type"] = facts.KeyType,
        ["certificate_download_url"] = $"/api/v3{Root}{facts.Pair.Id}/view_certificate/?download",
        ["private_key_download_url"] = $"/api/v3{Root}{facts.Pair.Id}/view_private_key/?download",
        ["managed"] = facts.Pair.Managed,
    };

    private static string Colons(string hex) => string.Join(':', hex.ToLowerInvariant().Chunk(2).Select(pair => new string(pair)));
}
