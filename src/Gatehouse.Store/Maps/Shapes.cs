using System.Text.Json.Serialization;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Tokens;

namespace Gatehouse.Store.Maps;

/// <summary>The JSON shapes that columns hold.</summary>
[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(List<string>))]
[JsonSerializable(typeof(List<RedirectUri>))]
[JsonSerializable(typeof(List<FormerKey>))]
[JsonSerializable(typeof(List<AccessListItem>))]
[JsonSerializable(typeof(List<ApprovalGroup>))]
[JsonSerializable(typeof(List<Approval>))]
[JsonSerializable(typeof(List<TestedPerson>))]
[JsonSerializable(typeof(List<TokenGrant>))]
[JsonSerializable(typeof(CorsRules))]
[JsonSerializable(typeof(MfaRules))]
[JsonSerializable(typeof(OrganizationMfa))]
[JsonSerializable(typeof(AgentRules))]
[JsonSerializable(typeof(SaasSettings))]
[JsonSerializable(typeof(LauncherLook))]
internal sealed partial class Shapes : JsonSerializerContext;
