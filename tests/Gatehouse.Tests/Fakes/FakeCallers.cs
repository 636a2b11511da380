using Gatehouse.Model.Tokens;
using Gatehouse.Web.Sessions;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Tests.Fakes;

/// <summary>Access tokens that a test gave out.</summary>
internal sealed class FakeAccessTokens : IApiAccessTokens
{
    /// <summary>What each gives.</summary>
    public Dictionary<string, ApiAccess> Known { get; } = [];

    /// <inheritdoc/>
    public Task<ApiAccess?> FindAsync(string token, CancellationToken cancellationToken) => Task.FromResult(Known.GetValueOrDefault(token));
}

/// <summary>Browsers that a test signed in, by the value of a header <c>X-Test-Browser</c>.</summary>
internal sealed class FakeBrowsers : IBrowserCallers
{
    /// <summary>Name of the header.</summary>
    public const string Header = "X-Test-Browser";

    /// <summary>Who each is.</summary>
    public Dictionary<string, Func<BrowserCaller?>> Known { get; } = [];

    /// <inheritdoc/>
    public Uri SignInAgain { get; } = new("https://auth.localhost:8443/again");

    /// <inheritdoc/>
    public Task<BrowserCaller?> FindAsync(HttpContext context, CancellationToken cancellationToken) =>
        Task.FromResult(context.Request.Headers[Header].ToString() is { Length: > 0 } name && Known.TryGetValue(name, out var browser) ? browser() : null);
}
