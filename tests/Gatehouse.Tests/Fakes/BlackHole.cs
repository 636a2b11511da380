using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Tests.Fakes;

/// <summary>An address that drops whoever wants to connect: its queue is full and nobody takes from it.</summary>
internal sealed class BlackHole : IDisposable
{
    private readonly Socket listener;
    private readonly List<Socket> waiting = [];

    public BlackHole(IPAddress address, int port)
    {
        listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(address, port));
        listener.Listen(0);
        for (var n = 0; n < 20; n++)
        {
            var one = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            waiting.Add(one);
            try
            {
                one.Connect(address, port);
            }
            catch (SocketException fault) when (fault.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                if (!one.Poll(TimeSpan.FromMilliseconds(100), SelectMode.SelectWrite))
                {
                    return; // full
                }
            }
        }

        throw new InvalidOperationException("the queue does not fill");
    }

    public void Dispose()
    {
        waiting.ForEach(s => s.Dispose());
        listener.Dispose();
    }
}
