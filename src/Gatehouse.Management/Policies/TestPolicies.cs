using System.Net;
using System.Text.Json;
using Gatehouse.Management.Writes;
using Gatehouse.Model.Bindings;
using Gatehouse.Model.Policies;
using Gatehouse.Model.Policies.Replay;
using Gatehouse.Model.Sessions;
using Gatehouse.Model.Snapshots;
using Gatehouse.Store;
using Microsoft.EntityFrameworkCore;
using Result = Gatehouse.Management.Writes.WriteResult<Gatehouse.Model.Policies.PolicyTest>;

namespace Gatehouse.Management.Policies;

/// <summary>A policy to test: a stored one, or one that is spelled out.</summary>
internal sealed record TestedPolicy(Guid? Id, PolicyDraft? Draft);

/// <summary>Tests policies against all people who have signed in, as they were seen last (contract 3.10).</summary>
internal sealed class TestPolicies(GatehouseDb db, IGeoReader places, TimeProvider clock)
{
    private const int MostPeople = 50_000;
    private static readonly TimeSpan Life = TimeSpan.FromHours(24);

    public async Task<Result> RunAsync(IReadOnlyList<TestedPolicy> asked, CancellationToken cancellationToken)
    {
        var book = await RuleBook.ReadAsync(db, places, cancellationToken);
        var (policies, faults) = (new List<Policy>(), new List<Fault>());
        foreach (var (index, one) in asked.Index())
        {
            if (one.Draft is { } draft)
            {
                faults.AddRange(draft.Check(book, $"policies.{index}."));
                policies.Add(draft.Make(isReusable: false, clock.GetUtcNow()));
            }
            else if (await db.Policies.AsNoTracking().SingleOrDefaultAsync(p => p.Id == one.Id, cancellationToken) is { } stored)
            {
                policies.Add(stored);
            }
            else
            {
                faults.Add(new Fault($"policies.{index}", "there is no such policy"));
            }
        }

        if (policies.Count == 0 && faults.Count == 0)
        {
            faults.Add(new Fault("policies", "at least one policy is required"));
        }

        return faults.Count > 0 ? new Result.Refused(faults) : new Result.Done(await KeepAsync(policies, cancellationToken));
    }

    public Task<PolicyTest?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return db.PolicyTests.AsNoTracking().SingleOrDefaultAsync(t => t.Id == id && t.ExpiresAt > now, cancellationToken);
    }

    private async Task<PolicyTest> KeepAsync(List<Policy> policies, CancellationToken cancellationToken)
    {
        var app = (await PolicyTable.ReadAsync(db, places.IsAvailable, cancellationToken)).Compile(policies);
        var users = await db.AccessUsers.AsNoTracking().OrderBy(u => u.Email).Take(MostPeople).ToListAsync(cancellationToken);
        var seen = (await db.AccessSessions.AsNoTracking().ToListAsync(cancellationToken))
            .GroupBy(s => s.UserId).ToDictionary(g => g.Key, g => g.MaxBy(s => s.CreatedAt)!); // groups are never empty
        var now = clock.GetUtcNow();
        var test = new PolicyTest
        {
            Id = Guid.CreateVersion7(now),
            People = users.ConvertAll(u => new TestedPerson(u.Id, u.Email, u.Name, Judge(app, seen.GetValueOrDefault(u.Id)))),
            CreatedAt = now,
            ExpiresAt = now + Life,
        };
        db.PolicyTests.Add(test);
        await db.SaveChangesAsync(cancellationToken);
        return test;
    }

    // Of people whose last session was forgotten, nothing is known that could be judged.
    private string Judge(AppEntry app, AccessSession? session)
    {
        if (session is null || !IPAddress.TryParse(session.Address, out var address) || Claims(session) is not { } claims)
        {
            return "error";
        }

        var identity = new VisitorIdentity { Email = session.Email, LoginMethodId = session.LoginMethodId, Claims = claims, Amr = session.Amr, Passed = Passed.WithoutDoubt(session.Passed, app.Evaluations) };
        return PolicyReplay.Admits(app, new Visitor(address, identity) { Country = places.Find(address)?.Country }) ? "approved" : "blocked";
    }

    private static Dictionary<string, IReadOnlyList<string>>? Claims(AccessSession session)
    {
        try
        {
            return SessionClaims.Texts(session.ClaimsJson);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
