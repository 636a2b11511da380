namespace Gatehouse.Store;

/// <summary>The store can't be opened as it is. The message is for the operator: what was found, what was expected, what to do.</summary>
public sealed class StoreFaultException : Exception
{
    /// <summary>A fault without words.</summary>
    public StoreFaultException()
    {
    }

    /// <summary>A fault.</summary>
    public StoreFaultException(string message)
        : base(message)
    {
    }

    /// <summary>A fault with its cause.</summary>
    public StoreFaultException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
