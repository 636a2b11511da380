using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Http;

/// <summary>Which part of a list is asked for. Pages count from 1.</summary>
internal sealed record Paging(int Page, int Size)
{
    /// <summary>How many rows come before.</summary>
    public long Skip => ((long)Page - 1) * Size;
}

/// <summary>Part of a list, and how long the whole list is.</summary>
internal sealed record Slice<T>(IReadOnlyList<T> Items, int Total);

/// <summary>Reads lists from the store.</summary>
internal static class Listing
{
    /// <summary>The part of an ordered query that <paramref name="paging"/> names; empty beyond the end.</summary>
    public static async Task<Slice<T>> SliceAsync<T>(this IQueryable<T> query, Paging paging, CancellationToken cancellationToken)
    {
        var total = await query.CountAsync(cancellationToken);
        return paging.Skip >= total
            ? new Slice<T>([], total)
            : new Slice<T>(await query.Skip((int)paging.Skip).Take(paging.Size).ToListAsync(cancellationToken), total);
    }

    /// <summary>Rows in which <paramref name="text"/> stands in any of the fields, in any case.</summary>
    public static IQueryable<T> Search<T>(this IQueryable<T> query, string text, params ReadOnlySpan<Expression<Func<T, string>>> fields)
    {
        var row = Expression.Parameter(typeof(T), "row");
        var pattern = Expression.Constant("%" + Escape(text.ToLowerInvariant()) + "%");
        Expression? any = null;
        foreach (var field in fields)
        {
            // lower() on both databases; LIKE itself minds the case on PostgreSQL only.
            var lower = Expression.Call(new Swap(field.Parameters[0], row).Visit(field.Body), nameof(string.ToLower), null);
            var like = Expression.Call(
                typeof(DbFunctionsExtensions), nameof(DbFunctionsExtensions.Like), null,
                Expression.Constant(EF.Functions), lower, pattern, Expression.Constant("\\"));
            any = any is null ? like : Expression.OrElse(any, like);
        }

        return any is null ? query : query.Where(Expression.Lambda<Func<T, bool>>(any, row));
    }

    private static string Escape(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);

    private sealed class Swap(ParameterExpression from, ParameterExpression to) : ExpressionVisitor
    {
        protected override Expression VisitParameter(ParameterExpression node) => node == from ? to : node;
    }
}
