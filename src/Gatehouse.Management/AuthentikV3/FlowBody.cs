using System.Text.Json.Nodes;
using Gatehouse.Management.Flows;
using Gatehouse.Management.Http;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Flows;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>A flow, and its binding of a stage, as authentik's API shapes them.</summary>
internal static class FlowBody
{
    private static readonly string[] Designations = ["authentication", "authorization", "invalidation", "enrollment", "unenrollment", "recovery", "stage_configuration"];
    private static readonly string[] Authentications = ["none", "require_authenticated", "require_unauthenticated", "require_superuser", "require_redirect", "require_outpost", "require_token"];
    private static readonly string[] DeniedActions = ["message_continue", "message", "continue"];
    public static readonly string[] EngineModes = ["any", "all"];
    public static readonly string[] InvalidActions = ["retry", "restart", "restart_with_context"];

    private static readonly string[] Layouts =
        ["stacked", "content_left", "content_right", "sidebar_left", "sidebar_right", "sidebar_left_frame_background", "sidebar_right_frame_background"];

    /// <summary>Reads what a caller says about a flow.</summary>
    public static FlowFields Read(BodyFields body) => new()
    {
        Slug = body.Text("slug", 50, mayBeBlank: false),
        Name = body.Text("name", 255, mayBeBlank: false),
        Title = body.Text("title", 255, mayBeBlank: false),
        Designation = Word(body, "designation", Designations),
        Authentication = Word(body, "authentication", Authentications),
        DeniedAction = Word(body, "denied_action", DeniedActions),
        Layout = Word(body, "layout", Layouts),
        Background = body.Text("background", 2000),
        PolicyEngineMode = Word(body, "policy_engine_mode", EngineModes),
        CompatibilityMode = body.Flag("compatibility_mode"),
    };

    /// <summary>Reads what a caller says about a binding.</summary>
    public static BindingFields ReadBinding(BodyFields body) => new()
    {
        Flow = body.Id("target"),
        Stage = body.Id("stage"),
        Order = body.Number("order"),
        EvaluateOnPlan = body.Flag("evaluate_on_plan"),
        ReEvaluatePolicies = body.Flag("re_evaluate_policies"),
        PolicyEngineMode = Word(body, "policy_engine_mode", EngineModes),
        InvalidResponseAction = Word(body, "invalid_response_action", InvalidActions),
    };

    public static JsonObject Of(Flow flow)
    {
        var body = InSet(flow);
        body["background"] = flow.Background;
        body["stages"] = JsonList.Of(flow.Bindings.OrderBy(b => b.Order).Select(b => b.StageId));
        body["policies"] = new JsonArray();
        body["cache_count"] = 0; // nothing is cached
        body["authentication"] = flow.Authentication;
        return body;
    }

    /// <summary>A flow as its stages show it.</summary>
    public static JsonObject InSet(Flow flow) => new()
    {
        ["pk"] = flow.Id.ToString(),
        ["policybindingmodel_ptr_id"] = flow.Id.ToString(),
        ["name"] = flow.Name,
        ["slug"] = flow.Slug,
        ["title"] = flow.Title,
        ["designation"] = flow.Designation,
        ["background_url"] = flow.Background,
        ["background_themed_urls"] = null,
        ["policy_engine_mode"] = flow.PolicyEngineMode,
        ["compatibility_mode"] = flow.CompatibilityMode,
        ["export_url"] = $"/api/v3/flows/instances/{flow.Slug}/export/",
        ["layout"] = flow.Layout,
        ["denied_action"] = flow.DeniedAction,
    };

    public static JsonObject Of(FlowStageBinding binding, JsonObject? stage) => new()
    {
        ["pk"] = binding.Id.ToString(),
        ["policybindingmodel_ptr_id"] = binding.Id.ToString(),
        ["target"] = binding.FlowId.ToString(),
        ["stage"] = binding.StageId.ToString(),
        ["stage_obj"] = stage,
        ["evaluate_on_plan"] = binding.EvaluateOnPlan,
        ["re_evaluate_policies"] = binding.ReEvaluatePolicies,
        ["order"] = binding.Order,
        ["policy_engine_mode"] = binding.PolicyEngineMode,
        ["invalid_response_action"] = binding.InvalidResponseAction,
    };

    private static Maybe<string> Word(BodyFields body, string name, string[] choices)
    {
        var word = body.Text(name, 100);
        if (word.Is(out var given) && !choices.Contains(given))
        {
            body.Refuse(name, $"\"{given}\" is not a valid choice. Known: {string.Join(", ", choices)}.");
            return default;
        }

        return word;
    }
}
