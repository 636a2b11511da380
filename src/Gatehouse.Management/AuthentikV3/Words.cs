using System.Collections.Frozen;
using Gatehouse.Model.Blueprints;
using Gatehouse.Model.Notifications;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;
using Gatehouse.Model.Users;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>authentik's words for our closed sets (contract §4.4). Clients break on any other.</summary>
internal static class Words
{
    public static readonly FrozenDictionary<string, UserType> UserTypes = new Dictionary<string, UserType>
    {
        ["internal"] = UserType.Internal,
        ["external"] = UserType.External,
        ["service_account"] = UserType.ServiceAccount,
        ["internal_service_account"] = UserType.InternalServiceAccount,
    }.ToFrozenDictionary();

    public static readonly FrozenDictionary<string, ClientType> ClientTypes = new Dictionary<string, ClientType>
    {
        ["confidential"] = ClientType.Confidential,
        ["public"] = ClientType.Public,
    }.ToFrozenDictionary();

    public static readonly FrozenDictionary<string, ClientAuthMethod> AuthMethods = new Dictionary<string, ClientAuthMethod>
    {
        ["client_secret"] = ClientAuthMethod.Secret,
        ["private_key_jwt"] = ClientAuthMethod.PrivateKeyJwt,
    }.ToFrozenDictionary();

    public static readonly FrozenDictionary<string, SubMode> SubModes = new Dictionary<string, SubMode>
    {
        ["hashed_user_id"] = SubMode.HashedUserId,
        ["user_id"] = SubMode.UserId,
        ["user_uuid"] = SubMode.UserUuid,
        ["user_username"] = SubMode.UserUsername,
        ["user_email"] = SubMode.UserEmail,
        ["user_upn"] = SubMode.UserUpn,
    }.ToFrozenDictionary();

    public static readonly FrozenDictionary<string, IssuerMode> IssuerModes = new Dictionary<string, IssuerMode>
    {
        ["per_provider"] = IssuerMode.PerProvider,
        ["global"] = IssuerMode.Global,
    }.ToFrozenDictionary();

    public static readonly FrozenDictionary<string, LogoutMethod> LogoutMethods = new Dictionary<string, LogoutMethod>
    {
        ["backchannel"] = LogoutMethod.Backchannel,
        ["frontchannel"] = LogoutMethod.Frontchannel,
    }.ToFrozenDictionary();

    public static readonly FrozenDictionary<string, MatchingMode> MatchingModes = new Dictionary<string, MatchingMode>
    {
        ["strict"] = MatchingMode.Strict,
        ["regex"] = MatchingMode.Regex,
    }.ToFrozenDictionary();

    public static readonly FrozenDictionary<string, RedirectUriType> RedirectUriTypes = new Dictionary<string, RedirectUriType>
    {
        ["authorization"] = RedirectUriType.Authorization,
        ["logout"] = RedirectUriType.Logout,
    }.ToFrozenDictionary();

    public static readonly FrozenDictionary<string, TokenIntent> TokenIntents = new Dictionary<string, TokenIntent>
    {
        ["api"] = TokenIntent.Api,
        ["app_password"] = TokenIntent.AppPassword,
        ["verification"] = TokenIntent.Verification,
        ["recovery"] = TokenIntent.Recovery,
    }.ToFrozenDictionary();

    public static readonly FrozenDictionary<string, Severity> Severities = new Dictionary<string, Severity>
    {
        ["notice"] = Severity.Notice,
        ["warning"] = Severity.Warning,
        ["alert"] = Severity.Alert,
    }.ToFrozenDictionary();

    public static readonly FrozenDictionary<string, TransportMode> TransportModes = new Dictionary<string, TransportMode>
    {
        ["local"] = TransportMode.Local,
        ["webhook"] = TransportMode.Webhook,
        ["webhook_slack"] = TransportMode.WebhookSlack,
        ["email"] = TransportMode.Email,
    }.ToFrozenDictionary();

    public static readonly FrozenDictionary<string, BlueprintStatus> BlueprintStatuses = new Dictionary<string, BlueprintStatus>
    {
        ["unknown"] = BlueprintStatus.Unknown,
        ["successful"] = BlueprintStatus.Successful,
        ["error"] = BlueprintStatus.Error,
    }.ToFrozenDictionary();

    /// <summary>The word for <paramref name="value"/>.</summary>
    public static string Of<T>(this FrozenDictionary<string, T> words, T value)
        where T : struct, Enum => words.First(w => w.Value.Equals(value)).Key;
}
