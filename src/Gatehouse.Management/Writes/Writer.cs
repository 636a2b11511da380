using Gatehouse.Model.Hosts;
using Gatehouse.Store;
using Gatehouse.Store.Sessions;
using Gatehouse.Store.Snapshots;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.Writes;

/// <summary>Runs one administrative write: prepare, check, save with its events, bring the tables up to date.</summary>
internal sealed class Writer(GatehouseDb db, ChangeFeed feed, WriteGate gate, WriteEvents events, PublicUrls urls, TimeProvider clock)
{
    // Sign-ins and sign-ups change the same rows without taking the turn.
    private const int Attempts = 3;

    private readonly List<Func<Task>> also = [];
    private readonly HashSet<string> touched = new(StringComparer.Ordinal);
    private bool isInside; // of RunAllAsync
    private bool hasSaved; // a step of it

    /// <summary>
    /// Saves what <paramref name="prepare"/> changed when it answers <see cref="WriteResult{T}.Done"/>. When somebody else changed the same
    /// rows or took the same name meanwhile, it is prepared anew from what is stored now.
    /// </summary>
    public async Task<WriteResult<T>> RunAsync<T>(string topic, Func<Task<WriteResult<T>>> prepare, CancellationToken cancellationToken)
    {
        if (isInside)
        {
            return await StepAsync(prepare, cancellationToken);
        }

        await using var turn = await gate.EnterAsync(db, cancellationToken);
        if (turn is null)
        {
            return new WriteResult<T>.Stale();
        }

        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            Begin();
            touched.Clear();
            var result = await prepare();
            if (result is not WriteResult<T>.Done)
            {
                return result;
            }

            if (await TryCommitAsync(topic, cancellationToken))
            {
                events.Written();
                return result;
            }
        }

        return new WriteResult<T>.Stale();
    }

    /// <summary>
    /// Runs many writes as one: all operations that <paramref name="steps"/> calls save into one transaction, which is committed when it
    /// answers true. False: nothing was changed.
    /// </summary>
    public async Task<bool> RunAllAsync(string topic, Func<Task<bool>> steps, CancellationToken cancellationToken)
    {
        await using var turn = await gate.EnterAsync(db, cancellationToken);
        if (turn is null)
        {
            return false;
        }

        Begin();
        touched.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        (isInside, hasSaved) = (true, false);
        try
        {
            if (!await steps())
            {
                return false;
            }

            if (!hasSaved)
            {
                await transaction.CommitAsync(cancellationToken);
                return true; // all was so already: no table is old
            }

            db.ChangeTracker.Clear();
            await feed.SaveAsync(db, [.. touched.Append(topic).Distinct()], cancellationToken);
        }
        finally
        {
            isInside = false;
            db.ChangeTracker.Clear();
        }

        events.Written();
        return true;
    }

    /// <summary>Adds a statement to the transaction of the write that is being prepared, after its rows were saved.</summary>
    public void Also(Func<Task> statement) => also.Add(statement);

    /// <summary>Says that the write makes the tables of another topic old, too.</summary>
    public void Touch(string topic) => touched.Add(topic);

    private void Begin()
    {
        db.ChangeTracker.Clear();
        events.Forget();
        also.Clear();
    }

    private async Task<WriteResult<T>> StepAsync<T>(Func<Task<WriteResult<T>>> prepare, CancellationToken cancellationToken)
    {
        Begin();
        var result = await prepare();
        if (result is not WriteResult<T>.Done)
        {
            db.ChangeTracker.Clear(); // the refused values must not be saved with the next step
            return result;
        }

        try
        {
            await SaveAsync(cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
            hasSaved = true;
            return result;
        }
        catch (DbUpdateConcurrencyException)
        {
            return new WriteResult<T>.Stale();
        }
        catch (DbUpdateException fault) when (UniqueViolation.Is(fault))
        {
            return new WriteResult<T>.Stale();
        }
    }

    private async Task<bool> TryCommitAsync(string topic, CancellationToken cancellationToken)
    {
        try
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            await SaveAsync(cancellationToken);
            await feed.SaveAsync(db, [.. touched.Append(topic).Distinct()], cancellationToken);
            return true;
        }
        catch (DbUpdateConcurrencyException)
        {
            return false;
        }
        catch (DbUpdateException fault) when (UniqueViolation.Is(fault))
        {
            return false;
        }
    }

    // Rows first, since their integer keys are made by the database; then what is told of them.
    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        var changes = events.Collect();
        await ClaimsChange.PrepareAsync(db, urls, clock.GetUtcNow(), cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        foreach (var statement in also)
        {
            await statement();
        }

        events.Add(changes);
    }
}
