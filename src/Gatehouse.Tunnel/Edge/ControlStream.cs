using Gatehouse.Tunnel.Wire.Capnp;
using Gatehouse.Tunnel.Wire.Rpc;

namespace Gatehouse.Tunnel.Edge;

/// <summary>How a control stream ended. A closed set.</summary>
internal enum ControlEnd
{
    /// <summary>The connector was refused.</summary>
    Refused,

    /// <summary>The connector said that it goes; it may still have requests to finish.</summary>
    Unregistered,

    /// <summary>It broke off.</summary>
    Lost,
}

/// <summary>The edge's end of the conversation on a connection: answers what the connector calls.</summary>
internal sealed class ControlStream(Stream from, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, Func<Registration, RegistrationAnswer> decide)
{
    private const int LargestLocalConfiguration = 128 * 1024;

    // A connector makes a handful of calls in its life; each costs us an answer.
    private const int MostMessages = 10_000;

    private bool bringsConfiguration;

    /// <summary>Called once, after the connector was told that it is registered.</summary>
    public Action? OnRegistered { get; init; }

    /// <summary>Called with the configuration that a connector brings, JSON; only of the first connection of one that is not configured here.</summary>
    public Action<ReadOnlySpan<byte>>? OnLocalConfiguration { get; init; }

    /// <summary>Answers until the connector ends it.</summary>
    /// <exception cref="InvalidDataException">The connector said something that can't be read, or too much.</exception>
    public async Task<ControlEnd> RunAsync(CancellationToken cancellationToken)
    {
        ControlEnd? end = null;
        var isRegistered = false;
        for (var n = 0; n < MostMessages && await CapnpMessage.ReadAsync(from, isRegistered ? CapnpMessage.Largest : CapnpMessage.LargestOfStrangers, cancellationToken) is { } message; n++)
        {
            switch (RpcMessage.Of(message))
            {
                case RpcMessage.Bootstrap bootstrap:
                    await write(RpcFrames.BootstrapReturn(bootstrap.Question), cancellationToken);
                    break;
                case RpcMessage.Call { Interface: RpcTags.Registration, Method: RpcTags.RegisterConnection } call when !isRegistered && end is null:
                    isRegistered = await RegisterAsync(call, cancellationToken);
                    end = isRegistered ? null : ControlEnd.Refused;
                    break;
                case RpcMessage.Call { Interface: RpcTags.Registration, Method: RpcTags.UnregisterConnection } call when isRegistered:
                    await write(RpcFrames.EmptyReturn(call.Question), cancellationToken);
                    return ControlEnd.Unregistered;
                case RpcMessage.Call { Interface: RpcTags.Registration, Method: RpcTags.UpdateLocalConfiguration } call when isRegistered:
                    TakeLocalConfiguration(call);
                    await write(RpcFrames.EmptyReturn(call.Question), cancellationToken);
                    break;
                case RpcMessage.Call call:
                    await write(RpcFrames.Failure(call.Question, "there is no such method now", RpcTags.NotImplemented), cancellationToken);
                    break;
                case RpcMessage.Other other:
                    await write(RpcFrames.Unimplemented(other.Kind), cancellationToken);
                    break;
                case RpcMessage.Abort:
                    return end ?? ControlEnd.Lost;
                default:
                    break; // finish, release: nothing is held
            }
        }

        return end ?? ControlEnd.Lost;
    }

    private async Task<bool> RegisterAsync(RpcMessage.Call call, CancellationToken cancellationToken)
    {
        var asked = Registration.Of(call.Parameters);
        var answer = decide(asked);
        await write(RpcFrames.Return(call.Question, answer.Write), cancellationToken);
        if (answer is not RegistrationAnswer.Accepted accepted)
        {
            return false;
        }

        bringsConfiguration = asked.Index == 0 && !accepted.IsRemotelyManaged;
        OnRegistered?.Invoke();
        return true;
    }

    private void TakeLocalConfiguration(RpcMessage.Call call)
    {
        var config = call.Parameters.Pointer(0).Data();
        if (bringsConfiguration && config.Length <= LargestLocalConfiguration)
        {
            OnLocalConfiguration?.Invoke(config);
        }
    }
}
