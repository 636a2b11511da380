using System.Text.Json.Nodes;
using Gatehouse.Management.Http;
using Gatehouse.Management.Keys;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Events;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/crypto/certificatekeypairs/ (contract §4.10). A private key leaves by one route only, and each time is an event.</summary>
internal sealed class KeyPairs(KeyPairDirectory directory, GenerateKeyPair generate, SaveKeyPair save, IEventLog log, Actor actor)
{
    private const string Model = "CertificateKeyPair";
    private const string Root = "/crypto/certificatekeypairs/";

    // Whoever knows a private key, be it shown or brought, signs what everybody believes.
    public static void Map(ApiRoutes routes) => routes
        .Get<KeyPairs>(Root, Need.Superuser, (k, r) => k.ListAsync(r))
        .Post<KeyPairs>(Root, Need.Superuser, (k, r) => k.CreateAsync(r))
        .Post<KeyPairs>(Root + "generate/", Need.Superuser, (k, r) => k.GenerateAsync(r))
        .Get<KeyPairs>(Root + "{id}/", Need.Superuser, (k, r) => k.RetrieveAsync(r))
        .Put<KeyPairs>(Root + "{id}/", Need.Superuser, (k, r) => k.UpdateAsync(r, isPartial: false))
        .Patch<KeyPairs>(Root + "{id}/", Need.Superuser, (k, r) => k.UpdateAsync(r, isPartial: true))
        .Delete<KeyPairs>(Root + "{id}/", Need.Superuser, (k, r) => k.DeleteAsync(r))
        .Get<KeyPairs>(Root + "{id}/view_certificate/", Need.Superuser, (k, r) => k.ViewAsync(r, "certificate", f => f.Pair.CertificatePem))
        .Get<KeyPairs>(Root + "{id}/view_private_key/", Need.FreshSuperuser, (k, r) => k.ViewAsync(r, "private_key", f => k.PrivateKeyOf(f)));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var (name, managed, search) = (query.Text("name"), query.Text("managed"), query.Search);
        var types = query.Texts("key_type");
        var hasKey = query.Flag("has_key");
        _ = query.Order(new Ordering<KeyPairFacts>(("name", k => k.Pair.Name), ("pk", k => k.Pair.Id)));
        return query.AnswerAsync(
            async paging =>
            {
                var found = (await directory.ListAsync(request.Aborted))
                    .Where(k => (hasKey is not { } wanted || k.HasPrivateKey == wanted) && (name is null || k.Pair.Name == name) && (managed is null || k.Pair.Managed == managed)
                        && (types.Count == 0 || types.Contains(k.KeyType)) && (search is null || k.Pair.Name.Contains(search, StringComparison.OrdinalIgnoreCase)))
                    .ToList();
                return new Slice<KeyPairFacts>([.. found.Skip((int)Math.Min(paging.Skip, int.MaxValue)).Take(paging.Size)], found.Count);
            },
            Body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) => Answer.OneOf(await FindAsync(request), Model, Body);

    // Told before it is shown: no key leaves without its event.
    private async Task<IResult> ViewAsync(ApiRequest request, string type, Func<KeyPairFacts, string?> read)
    {
        if (await FindAsync(request) is not { } found || read(found) is not { } pem)
        {
            return Answer.NotFound(Model);
        }

        var target = EventRow.Target("authentik_crypto", "certificatekeypair", found.Pair.Id.ToString("N"), found.Pair.Name);
        await log.WriteAsync(
            actor.Event(EventActions.SecretView, new JsonObject { ["model"] = target, ["secret"] = target.DeepClone(), ["type"] = type }), request.Aborted);
        return request.Query.ContainsKey("download")
            ? FileDownload.Pem(pem, $"{found.Pair.Name}_{type}.pem")
            : Answer.Ok(new JsonObject { ["data"] = pem });
    }

    private string? PrivateKeyOf(KeyPairFacts facts) => directory.PrivateKeyOf(facts.Pair);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("name", "certificate_data");
        var fields = Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(
                await save.CreateAsync(fields, request.Aborted), Model, pair => Task.FromResult<IResult>(new JsonAnswer(201, Body(KeyPairFacts.Of(pair)))));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("name", "certificate_data");
        }

        var fields = Read(body);
        return request.RouteGuid("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.UpdateAsync(id, fields, request.Aborted), Model, pair => Task.FromResult(Answer.Ok(Body(KeyPairFacts.Of(pair)))));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await save.DeleteAsync(id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    private async Task<KeyPairFacts?> FindAsync(ApiRequest request) =>
        request.RouteGuid("id") is { } id ? await directory.FindAsync(id, request.Aborted) : null;

    private static KeyPairFields Read(BodyFields body) => new()
    {
        Name = body.Text("name", 200, mayBeBlank: false),
        Certificate = body.Text("certificate_data", 100_000, mayBeBlank: false),
        PrivateKey = body.Text("key_data", 100_000),
    };

    private async Task<IResult> GenerateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("common_name", "validity_days");
        var name = body.Text("common_name", 64, mayBeBlank: false).Or("");
        var alternatives = body.NullableText("subject_alt_name", 10_000).Or("") ?? "";
        var days = body.Number("validity_days").Or(0);
        var algorithm = KeyAlgorithm.Rsa;
        switch (body.Text("alg", 20).Or("rsa"))
        {
            case "rsa":
                break;
            case "ecdsa":
                algorithm = KeyAlgorithm.Ecdsa;
                break;
            case var other:
                body.Refuse("alg", $"\"{other}\" is not supported; known: rsa, ecdsa.");
                break;
        }

        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(
                await generate.RunAsync(name, alternatives, days, algorithm, request.Aborted), Model, pair => Task.FromResult(Answer.Ok(Body(KeyPairFacts.Of(pair)))));
    }

    private static JsonObject Body(KeyPairFacts facts) => new()
    {
        ["pk"] = facts.Pair.Id.ToString(),
        ["name"] = facts.Pair.Name,
        ["fingerprint_sha256"] = Colons(facts.Sha256),
        ["fingerprint_sha1"] = Colons(facts.Sha1),
        ["cert_expiry"] = JsonList.Time(facts.ExpiresAt),
        ["cert_subject"] = facts.Subject,
        ["private_key_available"] = facts.HasPrivateKey,
        ["key_type"] = facts.KeyType,
        ["certificate_download_url"] = $"/api/v3{Root}{facts.Pair.Id}/view_certificate/?download",
        ["private_key_download_url"] = $"/api/v3{Root}{facts.Pair.Id}/view_private_key/?download",
        ["managed"] = facts.Pair.Managed,
    };

    private static string Colons(string hex) => string.Join(':', hex.ToLowerInvariant().Chunk(2).Select(pair => new string(pair)));
}
