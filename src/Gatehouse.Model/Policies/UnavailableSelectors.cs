namespace Gatehouse.Model.Policies;

/// <summary>Selectors of Cloudflare's that can't be had here, each with the reason.</summary>
internal static class UnavailableSelectors
{
    public static string? Reason(string name) => name switch
    {
        "device_posture" => "selector 'device_posture' asks Cloudflare's device client (WARP) about the device, and there is none here",
        "warp" or "gateway" => $"selector '{name}' asks whether the request came through Cloudflare's own network, and none does here",
        "user_risk_score" => "selector 'user_risk_score' asks Cloudflare's own risk scores, and there are none here",
        "cloudflare_account_member" => "selector 'cloudflare_account_member' asks who is a member of an account at Cloudflare; use a group of a login method",
        _ => null,
    };
}
