using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Access.SignIn.Oidc;
using Gatehouse.Access.Tokens;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Snapshots;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.SignIn.Evaluation;

/// <summary>
/// One question to a service outside (contract 2.4): a signed statement about the person goes there, a signed answer with the same nonce comes
/// back. Whatever is wrong with it, it is no answer.
/// </summary>
internal sealed partial class EvaluationCall(UpstreamCall upstream, SignedTokens signed, TokenIssuer issuer, TimeProvider clock, ILogger<EvaluationCall> logger)
{
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Leeway = TimeSpan.FromSeconds(60);

    /// <summary>Whether the service says yes or no; null when it does not say.</summary>
    public async Task<bool?> AskAsync(AccessTable table, Rule.ExternalEvaluation rule, JsonObject identity, CancellationToken cancellationToken)
    {
        var nonce = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));
        using var timeout = new CancellationTokenSource(Deadline, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        (bool Said, string? Fault) answer;
        try
        {
            answer = await AskAsync(table, rule, identity, nonce, both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            answer = (false, $"no answer within {Deadline.TotalSeconds:0} seconds");
        }

        if (!answer.Said)
        {
            var host = Host(rule.EvaluateUrl);
            LogNo(host, answer.Fault ?? "it said no");
        }

        return answer.Fault is null ? answer.Said : null;
    }

    private async Task<(bool Said, string? Fault)> AskAsync(AccessTable table, Rule.ExternalEvaluation rule, JsonObject identity, string nonce, CancellationToken cancellationToken)
    {
        // Its own audience and type: nobody may take it for a token that opens something.
        var token = issuer.IssueQuestion(
            table, new JsonObject { ["type"] = "external_evaluation", ["aud"] = rule.EvaluateUrl, ["nonce"] = nonce, ["identity"] = identity }, Life);
        using var request = new HttpRequestMessage(HttpMethod.Post, rule.EvaluateUrl);
        request.Content = new StringContent(new JsonObject { ["token"] = token }.ToJsonString(), Encoding.UTF8, "application/json");
        var answer = await upstream.SendAsync(request, cancellationToken);
        if (answer.Fault is { } unreachable)
        {
            return (false, unreachable);
        }

        if (answer.Status != StatusCodes.Status200OK || JsonText.Object(answer.Body) is not { } json || JsonText.Text(json, "token") is not { } text)
        {
            return (false, $"answered {answer.Status} without a token");
        }

        var verified = await signed.VerifyAsync(rule.KeysUrl, text, "Asking an external evaluation", cancellationToken);
        return verified.Value is { } said ? Judge(said.Payload, nonce) : (false, verified.Failure!.Reason); // the other half
    }

    private (bool Said, string? Fault) Judge(JsonElement payload, string nonce)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var leeway = (long)Leeway.TotalSeconds;
        return JsonText.Text(payload, "nonce") is not { } given || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(nonce)) ? (false, "its nonce is another")
            : JsonText.Number(payload, "exp") is not { } expires || expires <= now - leeway ? (false, "exp is missing or over")
            : JsonText.Number(payload, "iat") is { } issued && issued > now + leeway ? (false, "iat is in the future")
            : !payload.TryGetProperty("success", out var success) || success.ValueKind is not (JsonValueKind.True or JsonValueKind.False) ? (false, "success is neither true nor false")
            : (success.ValueKind == JsonValueKind.True, null);
    }

    // The path of such a URL may hold a key of its service.
    private static string Host(string url) => Uri.TryCreate(url, UriKind.Absolute, out var read) ? read.Host : "?";

    [LoggerMessage(EventId = 3220, Level = LogLevel.Information, Message = "External evaluation by {Host} counts as no: {Reason}")]
    private partial void LogNo(string host, string reason);
}
