using System.Text.Json.Nodes;
using Gatehouse.Model.Bindings;

namespace Gatehouse.Store.Seeds;

/// <summary>The shipped policies, and where they are bound. Those that are bound are laid after the flows.</summary>
internal static class PolicySeeds
{
    /// <summary>Rule for the password that people choose at the shipped prompt.</summary>
    public const string PasswordChange = "default-password-change-password-policy";

    private const string PasswordOptional = "default-authentication-flow-password-stage";
    private const string ValidationOptional = "default-authentication-flow-authenticator-validate-stage";

    /// <summary>Adds them; binds those whose stage is among the shipped ones.</summary>
    public static void Add(GatehouseDb db, DateTimeOffset now)
    {
        var expression = new JsonObject { ["expression"] = NotAfterPasskey };
        AddBound(db, now, PasswordOptional, expression, "default-authentication-password");
        AddBound(db, now, ValidationOptional, expression, "default-authentication-mfa-validation");
    }

    /// <summary>Adds the rule for passwords; returns its id, for the stage that names it.</summary>
    public static Guid AddPasswordRule(GatehouseDb db, DateTimeOffset now)
    {
        var id = Guid.CreateVersion7(now);
        db.IdentityPolicies.Add(new IdentityPolicy
        {
            Id = id,
            Name = PasswordChange,
            Kind = PolicyKind.Password,
            SettingsJson = new JsonObject
            {
                ["password_field"] = "password",
                ["amount_digits"] = 0,
                ["amount_uppercase"] = 0,
                ["amount_lowercase"] = 0,
                ["amount_symbols"] = 0,
                ["length_min"] = 8,
                ["symbol_charset"] = PolicySettings.DefaultSymbols,
                ["error_message"] = "",
                ["check_static_rules"] = true,
                ["check_have_i_been_pwned"] = false,
                ["check_zxcvbn"] = true,
                ["hibp_allowed_count"] = 0,
                ["zxcvbn_score_threshold"] = 2,
            }.ToJsonString(),
        });
        return id;
    }

    private static void AddBound(GatehouseDb db, DateTimeOffset now, string name, JsonObject settings, string stage)
    {
        var policy = new IdentityPolicy { Id = Guid.CreateVersion7(now), Name = name, Kind = PolicyKind.Expression, SettingsJson = settings.ToJsonString() };
        db.IdentityPolicies.Add(policy);
        if (db.FlowStageBindings.Local.FirstOrDefault(b => b.Stage?.Name == stage) is { } step)
        {
            db.PolicyBindings.Add(new PolicyBinding { Id = Guid.CreateVersion7(now), TargetId = step.Id, PolicyId = policy.Id, Order = 10 });
        }
    }

    private const string NotAfterPasskey =
        """
        flow_plan = request.context.get("flow_plan")
        if not flow_plan:
            return True
        # Whoever has signed in with a passkey has proved everything already.
        return flow_plan.context.get("auth_method") != "auth_webauthn_pwl"
        """;
}
