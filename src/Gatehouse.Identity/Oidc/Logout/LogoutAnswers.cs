using System.Security.Cryptography;
using System.Text;
using Gatehouse.Identity.Oidc.Authorize;
using Gatehouse.Identity.Oidc.Clients;
using Gatehouse.Identity.SignIn;
using Gatehouse.Model.Providers;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Identity.Oidc.Logout;

/// <summary>What the end-session endpoint shows.</summary>
internal static class LogoutAnswers
{
    /// <summary>Goes on once every frame has loaded, or after five seconds. The page's only script, named by its hash.</summary>
    public const string FrameScript =
        "{const s=document.currentScript;let left=Number(s.dataset.frames);const go=()=>location.replace(document.getElementById('next').href);" +
        "document.addEventListener('load',(e)=>{if(e.target.tagName==='IFRAME'&&--left===0)go()},true);setTimeout(go,5000)}";

    /// <summary>Ends the browser's session, whoever asked first.</summary>
    public static readonly (string Href, string Text) SignOutOfEverything = ("/flows/-/default/invalidation/", "Sign out of everything");

    private static readonly string FrameScriptHash = "'sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(FrameScript))) + "'";

    /// <summary>The question before anything ends.</summary>
    public static IResult Question(LogoutRequest request, SignedInBrowser browser, string confirmation, BrandLook look)
    {
        List<KeyValuePair<string, string>> fields = [new(LogoutConfirmations.Confirmation, confirmation)];
        foreach (var name in (ReadOnlySpan<string>)["id_token_hint", "post_logout_redirect_uri", "state"])
        {
            if (request.Parameters[name] is { } value)
            {
                fields.Add(new(name, value));
            }
        }

        return new PageResult<LogoutQuestionPage>(
            new Dictionary<string, object?>
            {
                [nameof(LogoutQuestionPage.Look)] = look,
                [nameof(LogoutQuestionPage.ApplicationName)] = request.Application.Name,
                [nameof(LogoutQuestionPage.Username)] = browser.User.Username,
                [nameof(LogoutQuestionPage.IsAnothers)] = request.Hint is not null,
                [nameof(LogoutQuestionPage.Action)] = $"/application/o/{request.Application.Slug}/end-session/",
                [nameof(LogoutQuestionPage.Fields)] = fields,
            },
            StatusCodes.Status200OK)
        {
            Look = look,

            // Browsers hold the redirect that answers a form to the form's own targets.
            FormTargets = request.Target is { } target ? RedirectUris.OriginOf(target) ?? target[..(target.IndexOf(':', StringComparison.Ordinal) + 1)] : null,
        };
    }

    /// <summary>The end: on to <paramref name="next"/>, past the frames of other clients if there are any.</summary>
    public static IResult Ended(IReadOnlyList<LogoutFrame> frames, string next) => frames.Count == 0
        ? new PrivateRedirect(next)
        : new PageResult<LogoutFramesPage>(
            new Dictionary<string, object?>
            {
                [nameof(LogoutFramesPage.Frames)] = frames,
                [nameof(LogoutFramesPage.Next)] = next,
            },
            StatusCodes.Status200OK)
        {
            ScriptSource = FrameScriptHash,
            FrameSources = string.Join(' ', frames.Select(f => LogoutUris.FrameSource(f.Url)).Distinct()),
        };
}
