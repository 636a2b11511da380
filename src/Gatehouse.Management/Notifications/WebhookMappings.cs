using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Model.Events;
using Gatehouse.Model.Expressions;
using Gatehouse.Model.Keys;
using Gatehouse.Model.Notifications;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Gatehouse.Store.Bindings;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Notifications;

/// <summary>What a webhook is sent; <see cref="Fault"/> says why nothing can be.</summary>
internal sealed class WebhookParcel
{
    /// <summary>Any JSON.</summary>
    public JsonNode? Body { get; init; }

    /// <summary>More headers of the request.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Null means that all went well. Holds no secret: expressions do, and what they returned.</summary>
    public string? Fault { get; init; }
}

/// <summary>Runs the expressions that make what webhooks are sent: the closed language of policies, which reaches nothing.</summary>
internal sealed class WebhookMappings(IDbContextFactory<GatehouseDb> databases, ExpressionCache expressions, ISecretBox secrets, TimeProvider clock)
{
    private const int MostHeaders = 50;
    private const int LongestValue = 4096;

    // What the client itself says of the request (RFC 9110 §7.6.1, §7.2, §8.6).
    private static readonly HashSet<string> Kept = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Upgrade", "TE", "Trailer", "Expect",
    };

    /// <summary>The text of a mapping; empty when it was sealed with another key.</summary>
    public string TextOf(WebhookMapping mapping) =>
        secrets.Open(mapping.SealedExpression, SecretPurposes.WebhookMapping) is { } bytes ? Encoding.UTF8.GetString(bytes) : "";

    /// <summary>Makes body and headers of what <paramref name="transport"/> sends.</summary>
    public async Task<WebhookParcel> PackAsync(Guid id, NotificationTransport transport, Outgoing outgoing, CancellationToken cancellationToken)
    {
        if (transport is { BodyMappingId: null, HeaderMappingId: null })
        {
            return new WebhookParcel { Body = NotificationBodies.Webhook(outgoing) };
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var mappings = await db.WebhookMappings.AsNoTracking().Where(m => m.Id == transport.BodyMappingId || m.Id == transport.HeaderMappingId).ToListAsync(cancellationToken);
        var to = outgoing.To is { } person ? await db.PersonAsync(person.Id, cancellationToken) : PersonFacts.Nobody;
        var body = Make(transport.BodyMappingId, mappings, to, id, outgoing) ?? new Made(NotificationBodies.Webhook(outgoing), null);
        var headers = Make(transport.HeaderMappingId, mappings, to, id, outgoing) ?? new Made(new JsonObject(), null);
        return (body.Fault ?? headers.Fault ?? FaultOf(headers.Json)) is { } fault
            ? new WebhookParcel { Fault = fault }
            : new WebhookParcel { Body = body.Json, Headers = [.. ((JsonObject)headers.Json!).Select(h => KeyValuePair.Create(h.Key, TextOf(h.Value)!))] }; // looked at just before
    }

    /// <summary>Runs one expression.</summary>
    public bool TryRun(string expression, PersonFacts to, Guid id, Event happened, Severity severity, out JsonNode? made, out string? fault)
    {
        made = null;
        if (expressions.Read(expression, ExpressionNames.Webhook) is not ExpressionReading.Read read)
        {
            fault = ((ExpressionReading.Refused)expressions.Read(expression, ExpressionNames.Webhook)).Fault.ToString();
            return false;
        }

        var run = read.Expression.Run(ExpressionFacts.ForWebhook(to, id, happened, severity), clock, TimeSpan.Zero);
        fault = run.Fault?.ToString();
        return run.Fault is null && run.TryJson(out made, out fault);
    }

    private Made? Make(Guid? which, List<WebhookMapping> mappings, PersonFacts to, Guid id, Outgoing outgoing) =>
        which is null ? null
        : mappings.Find(m => m.Id == which) is not { } mapping ? new Made(null, "a mapping of the transport is gone")
        : TryRun(TextOf(mapping), to, id, outgoing.Event, outgoing.Severity, out var made, out var fault) ? new Made(made, null)
        : new Made(null, $"the mapping {mapping.Name} failed: {fault}");

    // Never more than what one request can hold, and nothing that would end a header or say how the body is framed.
    private static string? FaultOf(JsonNode? headers)
    {
        if (headers is not JsonObject { Count: <= MostHeaders } named)
        {
            return $"the header mapping has to return a dictionary of at most {MostHeaders} headers";
        }

        foreach (var (name, value) in named)
        {
            if (name.Length is 0 or > 100 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') || Kept.Contains(name))
            {
                return "the header mapping names a header that can't be set";
            }

            if (TextOf(value) is not { Length: <= LongestValue } text || text.Any(c => c is < ' ' and not '\t' or > '~'))
            {
                return $"the header {name} has to be a text of printable ASCII, of at most {LongestValue} characters";
            }
        }

        return null;
    }

    private static string? TextOf(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private sealed record Made(JsonNode? Json, string? Fault);
}
