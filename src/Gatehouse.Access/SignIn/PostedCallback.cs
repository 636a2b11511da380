using Gatehouse.Access.SignIn.Pins;
using Gatehouse.Access.SignIn.Saml;
using Gatehouse.Model.Snapshots;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Access.SignIn;

/// <summary>POST <c>/cdn-cgi/access/callback</c>: a code that came by mail, or a provider's response by SAML.</summary>
internal sealed class PostedCallback(CallbackEndpoint callback, PinEndpoint pins, ISnapshot<AccessTable> tables)
{
    /// <summary>The field that a response comes in (SAML Bindings §3.5.4).</summary>
    public const string ResponseField = "SAMLResponse";

    // Base64 with its padding and signs escaped, and RelayState beside it.
    private const int Largest = (2 * SamlXml.Longest) + PostedForm.Largest;

    /// <summary>Answers the form.</summary>
    public async Task<IResult> HandleAsync(HttpContext context)
    {
        if (await PostedForm.ReadAsync(context.Request, Largest, context.RequestAborted) is not { } form)
        {
            SecurityHeaders.NoStore(context.Response);
            return SignInPages.BadLink(tables.Current);
        }

        return form.ContainsKey(ResponseField) ? await callback.HandlePostAsync(context, form) : await pins.RedeemAsync(context);
    }
}
