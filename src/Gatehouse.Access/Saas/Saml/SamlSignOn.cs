using System.Security.Cryptography;
using System.Text;
using Gatehouse.Access.Pages;
using Gatehouse.Access.SignIn;
using Gatehouse.Model.Apps;
using Gatehouse.Model.Hosts;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Gatehouse.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Access.Saas.Saml;

/// <summary>
/// GET and POST <c>/cdn-cgi/access/sso/saml/{id}</c>: a person comes from a service provider, or from the launcher, to sign in there (SAML Profiles §4.1).
/// The application's policies are asked each time.
/// </summary>
internal sealed partial class SamlSignOn(ISnapshot<AccessTable> tables, SaasEntrance entrance, SamlAnswers answers, PublicUrls urls, ILogger<SamlSignOn> logger)
{
    private static readonly string SubmitHash = "'sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(PostPage.Script))) + "'";

    /// <summary>POST: a question in a form. It is asked again in a query: browsers send no cookie with a form of another site.</summary>
    public async Task<IResult> PostAsync(HttpContext context, string id)
    {
        SecurityHeaders.NoStore(context.Response);
        var table = tables.Current;
        if (SsoPaths.SamlApp(table, id) is not { } app)
        {
            return SignInPages.NoApp(table);
        }

        var fault = "the body is no form, or too large";
        if (await PostedForm.ReadAsync(context.Request, context.RequestAborted) is not { } form || SamlQuestion.Read(app.App.Saas!.Saml!, SsoPaths.SamlIssuerOf(urls, id), form, out fault) is not { } question) // as found
        {
            return Refuse(table, app, fault);
        }

        if (TargetOf(table, app, question) is not { } target)
        {
            return Refuse(table, app, TooLong);
        }

        return SeeOther.To(context, urls.Access + target);
    }

    /// <summary>GET: a page that posts the answer, or the sign-in that is missing.</summary>
    public async Task<IResult> HandleAsync(HttpContext context, string id)
    {
        SecurityHeaders.NoStore(context.Response);
        var table = tables.Current;
        if (SsoPaths.SamlApp(table, id) is not { } app)
        {
            return SignInPages.NoApp(table);
        }

        var saml = app.App.Saas!.Saml!; // as found
        var (_, ticket) = HandOff.Split(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        var issuer = SsoPaths.SamlIssuerOf(urls, id);
        if (SamlQuestion.Read(saml, issuer, context.Request.Query, out var fault) is not { } question)
        {
            return Refuse(table, app, fault);
        }

        if (TargetOf(table, app, question) is not { } target)
        {
            return Refuse(table, app, TooLong);
        }

        switch (await entrance.DecideAsync(context, table, new SaasDemand(app, target, ticket) { IsSilent = question.IsSilent, MustSignIn = question.MustSignIn }))
        {
            case SaasRuling.Shown shown:
                return shown.Result;
            case SaasRuling.Silent silent:
                LogRefused(app.App.Name, silent.Reason);
                return Send(table, app, question, answers.Refuse(table, app, issuer, question, silent.Why == SaasSilence.Denied));
            case SaasRuling.Incomplete incomplete:
                LogMissing(app.App.Name, incomplete.Missing);
                return question.IsSilent ? Send(table, app, question, answers.Refuse(table, app, issuer, question, isDenied: true)) : Incomplete(table, app, incomplete.Missing);
            case SaasRuling.Open open:
                return Send(table, app, question, answers.Write(table, app, issuer, question, open));
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private const string TooLong = "with its RelayState the request is longer than 2048 characters";

    private static string? TargetOf(AccessTable table, AppEntry app, SamlQuestion question) =>
        question.TargetAt(SsoPaths.Saml + app.App.SsoId) is var target && SsoPaths.AppOf(table, target) == app ? target : null;

    // Nothing is sent anywhere: who asked is not known.
    private IResult Refuse(AccessTable table, AppEntry app, string fault)
    {
        LogRefused(app.App.Name, fault);
        return Page.Message(
            StatusCodes.Status400BadRequest,
            "This sign-in request is not valid",
            $"What {app.App.Name} sent to sign you in is not as it was set up here. Whoever runs it can compare its settings with those of the application here: entity id, assertion consumer service and single sign-on address.",
            brand: table.Organization.Name);
    }

    private static IResult Incomplete(AccessTable table, AppEntry app, string missing) => Page.Message(
        StatusCodes.Status403Forbidden,
        "Something about you is missing",
        $"{app.App.Name} asks for the attribute {missing}, and the login method gave no value for it. Whoever runs this can let the login method release it.",
        brand: table.Organization.Name);

    private static PageResult<PostPage> Send(AccessTable table, AppEntry app, SamlQuestion question, string response)
    {
        var consumer = app.App.Saas!.Saml!.ConsumerServiceUrl; // as found
        List<KeyValuePair<string, string>> fields = [new("SAMLResponse", response)];
        if (question.RelayState is { } state)
        {
            fields.Add(new("RelayState", state));
        }

        return new PageResult<PostPage>(
            new Dictionary<string, object?>
            {
                [nameof(PostPage.AppName)] = app.App.Name,
                [nameof(PostPage.Brand)] = table.Organization.Name,
                [nameof(PostPage.Action)] = consumer,
                [nameof(PostPage.Fields)] = fields,
            },
            StatusCodes.Status200OK)
        {
            ScriptSource = SubmitHash,

            // Service providers lead people on to other names of theirs, and browsers hold those redirects to this list too.
            FormTargets = $"{SaasRedirects.SourceOf(consumer)} https:",
        };
    }

    [LoggerMessage(EventId = 3313, Level = LogLevel.Information, Message = "Sign-in for SAML application '{Name}' refused: {Reason}")]
    private partial void LogRefused(string name, string reason);

    [LoggerMessage(EventId = 3314, Level = LogLevel.Information, Message = "Sign-in for SAML application '{Name}' refused: the login method gave no value for the required attribute '{Attribute}'")]
    private partial void LogMissing(string name, string attribute);
}
