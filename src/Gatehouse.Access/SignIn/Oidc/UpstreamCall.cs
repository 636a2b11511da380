using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn.Oidc;

/// <summary>What a provider answered. A class, so that tokens in it are never printed.</summary>
internal sealed class UpstreamAnswer
{
    /// <summary>HTTP status; 0 when there was no answer.</summary>
    public int Status { get; init; }

    /// <summary>The body; empty when there was none.</summary>
    public byte[] Body { get; init; } = [];

    /// <summary>Why there was no usable answer, as a clause that follows the name of what was asked; null when there was one. Holds no address: people see it who have not signed in.</summary>
    public string? Fault { get; init; }
}

/// <summary>Calls a provider's endpoint: within ten seconds, at most a megabyte, never to another place than was named.</summary>
internal sealed class UpstreamCall(IHttpClientFactory clients, TimeProvider clock)
{
    private const int MostBytes = 1 << 20;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <summary>Sends <paramref name="request"/>; whatever the provider does comes back as a value.</summary>
    public async Task<UpstreamAnswer> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var asked = request.RequestUri;
        using var timeout = new CancellationTokenSource(Deadline, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using var client = clients.CreateClient("upstream");
        client.MaxResponseContentBufferSize = MostBytes;
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, both.Token);
            if ((int)response.StatusCode is >= StatusCodes.Status300MultipleChoices and < StatusCodes.Status400BadRequest || response.RequestMessage?.RequestUri != asked)
            {
                return new UpstreamAnswer { Fault = "answered with a redirect, which is not followed" };
            }

            return new UpstreamAnswer { Status = (int)response.StatusCode, Body = await response.Content.ReadAsByteArrayAsync(both.Token) };
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return new UpstreamAnswer { Fault = $"did not answer within {Deadline.TotalSeconds:0} seconds" };
        }
        catch (HttpRequestException fault) when (fault.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            return new UpstreamAnswer { Fault = "answered with more than 1 MB" };
        }
        catch (HttpRequestException fault)
        {
            return new UpstreamAnswer { Fault = $"can't be reached ({WordsFor(fault.HttpRequestError)})" };
        }
        catch (IOException)
        {
            return new UpstreamAnswer { Fault = "broke off in the middle of its answer" };
        }
    }

    private static string WordsFor(HttpRequestError error) => error switch
    {
        HttpRequestError.NameResolutionError => "its name does not resolve",
        HttpRequestError.ConnectionError => "nothing accepts the connection",
        HttpRequestError.SecureConnectionError => "its TLS certificate is not trusted here or TLS failed",
        HttpRequestError.ResponseEnded => "it hung up before answering",
        _ => "the exchange failed",
    };
}
