using System.Text.Json;
using Gatehouse.Identity.SignIn.Stages;
using Gatehouse.Model.Flows;
using Gatehouse.Model.Users;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Identity.SignIn.Flows;

/// <summary>Takes the links that lead a person into a flow. Each works once, and not after its user's password or address changed.</summary>
internal sealed class FlowLinks(GatehouseDb db, TimeProvider clock)
{
    /// <summary>Uses a link up and gives the state the run goes on with; null when it can't be used.</summary>
    public async Task<FlowState?> RedeemAsync(Flow flow, string token, List<Guid> plan, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var hash = FlowToken.HashOf(token);
        var found = await (
            from link in db.FlowTokens.AsNoTracking()
            join user in db.Users.AsNoTracking() on link.UserId equals user.Id
            where link.Hash == hash && link.FlowId == flow.Id && link.UsedAt == null && link.ExpiresAt > now
            select new { link, user }).SingleOrDefaultAsync(cancellationToken);
        if (found is null || !Fits(found.link, found.user) || !await TryUseUpAsync(hash, now, cancellationToken))
        {
            return null;
        }

        // It was sent there, and read.
        if (found.link.Address is { } address && found.user.IsEmailUnproven)
        {
            await db.Users.Where(u => u.Id == found.user.Id && u.Email == address)
                .ExecuteUpdateAsync(u => u.SetProperty(x => x.IsEmailUnproven, false).SetProperty(x => x.UpdatedAt, now).SetProperty(x => x.Version, x => x.Version + 1), cancellationToken);
        }

        // Only who never signed in: whoever was deactivated later is not let in again by an old message.
        if (!found.user.IsActive && await db.Users.Where(u => u.Id == found.user.Id && u.LastLoginAt == null).ExecuteUpdateAsync(
            u => u.SetProperty(x => x.IsActive, true).SetProperty(x => x.UpdatedAt, now).SetProperty(x => x.Version, x => x.Version + 1), cancellationToken) != 1)
        {
            return null;
        }

        return StateOf(found.link, found.user, flow, plan);
    }

    private static bool Fits(FlowToken link, User user) =>
        user.Type is UserType.Internal or UserType.External
        && (user.IsActive || (link.Activates && user.LastLoginAt is null))
        && link.PasswordMark == FlowToken.MarkOf(user.PasswordHash)
        && (link.Address is null || link.Address == user.Email);

    private async Task<bool> TryUseUpAsync(string hash, DateTimeOffset now, CancellationToken cancellationToken) =>
        await db.FlowTokens.Where(t => t.Hash == hash && t.UsedAt == null).ExecuteUpdateAsync(t => t.SetProperty(x => x.UsedAt, now), cancellationToken) == 1;

    private static FlowState StateOf(FlowToken link, User user, Flow flow, List<Guid> plan)
    {
        var kept = link.StateJson is { } json ? JsonSerializer.Deserialize(json, FlowJson.Default.FlowState) : null;
        var isWhole = kept is not null && kept.Remaining.All(id => flow.Bindings.Any(b => b.Id == id));
        var state = isWhole ? kept! : new FlowState { Remaining = plan }; // isWhole: not null
        state.Identifier ??= user.Username;
        state.UserId = user.Id;
        state.IsLinked = true;
        state.PasswordMark = PasswordProof.MarkOf(user.PasswordHash);
        if (!state.Amr.Contains("email"))
        {
            state.Amr.Add("email");
        }

        return state;
    }
}
