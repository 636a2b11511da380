using System.Data.Common;
using System.Security.Cryptography;
using Gatehouse.Store;

namespace Gatehouse.Verbs;

/// <summary>What may go wrong around us (files, database, keys) and is for the operator to mend: a sentence, not a stack.</summary>
internal static class OperatorFault
{
    /// <summary>Whether <paramref name="fault"/> is one; anything else is a bug and shows itself whole.</summary>
    public static bool Is(Exception fault) => fault is IOException or UnauthorizedAccessException or DbException or CryptographicException or StoreFaultException;
}
