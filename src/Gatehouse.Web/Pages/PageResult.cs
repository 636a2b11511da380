using System.Diagnostics.CodeAnalysis;
using Gatehouse.Web.Http;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Gatehouse.Web.Pages;

/// <summary>Answers with a page: rendered on the server, never cached, never framed.</summary>
public sealed class PageResult<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] TPage>(
    IReadOnlyDictionary<string, object?> parameters, int status) : IResult
    where TPage : IComponent
{
    /// <summary>Sources of scripts for the Content-Security-Policy; null means none.</summary>
    public string? ScriptSource { get; init; }

    /// <summary>Targets of forms besides this origin, for the Content-Security-Policy; null means none.</summary>
    public string? FormTargets { get; init; }

    /// <summary>Sources of frames, for the Content-Security-Policy; null means none.</summary>
    public string? FrameSources { get; init; }

    /// <summary>How the house looks, for the Content-Security-Policy: where logo and style sheet come from; null means as shipped.</summary>
    public BrandLook? Look { get; init; }

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        SecurityHeaders.ForPage(httpContext.Response, ScriptSource, FormTargets, FrameSources, Look);
        return new RazorComponentResult<TPage>(parameters) { StatusCode = status }.ExecuteAsync(httpContext);
    }
}

/// <summary>Makes page results.</summary>
public static class Page
{
    /// <summary>A page that says one thing.</summary>
    public static IResult Message(int status, string title, string text, IReadOnlyList<KeyValuePair<string, string>>? facts = null, (string Href, string Text)? action = null, string? brand = null, BrandLook? look = null) =>
        new PageResult<MessagePage>(
            new Dictionary<string, object?>
            {
                [nameof(MessagePage.Title)] = title,
                [nameof(MessagePage.Text)] = text,
                [nameof(MessagePage.Facts)] = facts ?? [],
                [nameof(MessagePage.ActionHref)] = action?.Href,
                [nameof(MessagePage.ActionText)] = action?.Text ?? "",
                [nameof(MessagePage.Brand)] = brand ?? "Gatehouse",
                [nameof(MessagePage.Look)] = look,
            },
            status)
        {
            Look = look,
        };
}
