using Gatehouse.Management.Http;
using Gatehouse.Model.Audit;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Decisions;

/// <summary>A value to look for, or to look past.</summary>
internal readonly record struct Sought<T>(T Value, bool IsNot);

/// <summary>How an address is compared.</summary>
internal enum EmailMatch
{
    /// <summary>Whole.</summary>
    Equal,

    /// <summary>Anything else.</summary>
    Other,

    /// <summary>A part of it.</summary>
    Part,
}

/// <summary>Which decisions a list holds; null means any.</summary>
internal sealed class DecisionFilter
{
    public DateTimeOffset? Since { get; init; }

    public DateTimeOffset? Until { get; init; }

    public (string Text, EmailMatch How)? Email { get; init; }

    public Sought<bool>? Allowed { get; init; }

    public Sought<Guid>? App { get; init; }

    public Sought<string>? Country { get; init; }

    public Sought<Guid>? LoginMethod { get; init; }

    public Sought<bool>? NonIdentity { get; init; }

    public Sought<string>? Id { get; init; }

    public Sought<Guid>? User { get; init; }

    public bool OldestFirst { get; init; }
}

/// <summary>A decision with what it is called elsewhere.</summary>
internal sealed record LoggedDecision(DecisionRecord Record, string? LoginMethodType, Guid? UserId);

/// <summary>Reads the log of decisions.</summary>
internal sealed class DecisionDirectory(GatehouseDb db)
{
    public async Task<IReadOnlyList<LoggedDecision>> ListAsync(DecisionFilter filter, Paging paging, CancellationToken cancellationToken)
    {
        var rows = Filter(db.Decisions.AsNoTracking(), filter);
        if (filter.User is { } user)
        {
            var email = await db.AccessUsers.Where(u => u.Id == user.Value).Select(u => u.Email).SingleOrDefaultAsync(cancellationToken) ?? "";
            rows = user.IsNot ? rows.Where(d => d.Email != email) : rows.Where(d => d.Email == email);
        }

        var ordered = filter.OldestFirst ? rows.OrderBy(d => d.At).ThenBy(d => d.Id) : rows.OrderByDescending(d => d.At).ThenByDescending(d => d.Id);
        var skip = (int)Math.Min(paging.Skip, int.MaxValue);
        var found = await ordered.Skip(skip).Take(paging.Size).ToListAsync(cancellationToken);
        var types = await db.LoginMethods.Select(m => new { m.Id, m.Type }).ToDictionaryAsync(m => m.Id, m => m.Type, cancellationToken);
        var emails = found.Select(d => d.Email).OfType<string>().Distinct().ToList();
        var users = await db.AccessUsers.Where(u => emails.Contains(u.Email)).ToDictionaryAsync(u => u.Email, u => u.Id, cancellationToken);
        return [.. found.Select(d => new LoggedDecision(
            d,
            d.LoginMethodId is { } method ? types.GetValueOrDefault(method) : null,
            d.Email is { } email && users.TryGetValue(email, out var id) ? id : null))];
    }

    private static IQueryable<DecisionRecord> Filter(IQueryable<DecisionRecord> rows, DecisionFilter filter)
    {
        rows = filter.Since is { } since ? rows.Where(d => d.At >= since) : rows;
        rows = filter.Until is { } until ? rows.Where(d => d.At <= until) : rows;
        rows = filter.Allowed is { } allowed ? rows.Where(d => d.Allowed == allowed.Value != allowed.IsNot) : rows;
        rows = filter.App is { } app ? (app.IsNot ? rows.Where(d => d.AppId != app.Value) : rows.Where(d => d.AppId == app.Value)) : rows;
        rows = filter.Country is { } country ? (country.IsNot ? rows.Where(d => d.Country != country.Value) : rows.Where(d => d.Country == country.Value)) : rows;
        rows = filter.LoginMethod is { } method ? (method.IsNot ? rows.Where(d => d.LoginMethodId != method.Value) : rows.Where(d => d.LoginMethodId == method.Value)) : rows;
        rows = filter.NonIdentity is { } service ? rows.Where(d => d.Email == null == (service.Value != service.IsNot)) : rows;
        rows = filter.Id is { } id ? (id.IsNot ? rows.Where(d => d.Id != id.Value) : rows.Where(d => d.Id == id.Value)) : rows;
        return filter.Email switch
        {
            null => rows,
            { How: EmailMatch.Equal, Text: var text } => rows.Where(d => d.Email == text),
            { How: EmailMatch.Other, Text: var text } => rows.Where(d => d.Email != text),
            { Text: var text } => rows.Where(d => d.Email != null).Search(text, d => d.Email!), // filtered just before
        };
    }
}
