using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Overlay.Dataplane.Linux.Handover;
using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Handover;

/// <summary>Messages of JSON, and descriptors, between two overlayds of a node.</summary>
/// <remarks>
/// A Unix socket of whole messages (SOCK_SEQPACKET) beside the admin socket, for root and the daemon's own user. One thread
/// at a time.
/// </remarks>
internal sealed class HandoverChannel(Socket socket) : IDisposable
{
    // An offer has some hundred bytes.
    private const int LargestMessage = 8 * 1024;

    // The step, and its time.
    private const int StepSize = 1 + sizeof(long);

    private readonly byte[] _buffer = new byte[LargestMessage];

    /// <summary>The socket's place: beside the admin socket.</summary>
    public static string PathOf(string adminSocket) => adminSocket + ".next";

    /// <summary>The other end has closed.</summary>
    public bool IsClosed => socket.Poll(TimeSpan.Zero, SelectMode.SelectRead) && socket.Available == 0;

    /// <summary>A socket of the kind that both ends have.</summary>
    public static Socket MakeSocket() => new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);

    /// <summary>The other end's process and user.</summary>
    public PeerCredential Peer { get; } = PeerCredential.Of(socket);

    /// <summary>Sends a message.</summary>
    /// <exception cref="IOException">The other end is gone.</exception>
    public void Send<T>(T message, JsonTypeInfo<T> type, params IReadOnlyList<int> descriptors) =>
        DescriptorMessages.Send(socket, JsonSerializer.SerializeToUtf8Bytes(message, type), descriptors);

    /// <summary>Receives a message.</summary>
    /// <param name="type">The message that is due.</param>
    /// <param name="patience">The time to wait.</param>
    /// <param name="descriptors">Gets descriptors, which belong to the caller.</param>
    /// <returns>Null when the other end has closed.</returns>
    /// <exception cref="IOException">Nothing came in time, or it is another message.</exception>
    public T? Receive<T>(JsonTypeInfo<T> type, TimeSpan patience, ICollection<int> descriptors) where T : class =>
        Parse(type, Receive(patience, descriptors));

    /// <summary>Receives a message; descriptors that come with it are closed.</summary>
    /// <inheritdoc cref="Receive{T}(JsonTypeInfo{T}, TimeSpan, ICollection{int})"/>
    public T? Receive<T>(JsonTypeInfo<T> type, TimeSpan patience) where T : class =>
        Parse(type, ReceiveAlone(patience));

    /// <summary>Receives a step; null when the other end has closed.</summary>
    /// <param name="patience">The time to wait.</param>
    /// <param name="time">The time that belongs to it, by <see cref="Stopwatch.GetTimestamp"/>; 0 for none.</param>
    /// <exception cref="IOException">Nothing came in time, or it is another message.</exception>
    public HandoverStep? ReceiveStep(TimeSpan patience, out long time)
    {
        int length = ReceiveAlone(patience);
        time = length == StepSize ? BinaryPrimitives.ReadInt64LittleEndian(_buffer.AsSpan(1)) : 0;
        return length switch
        {
            0 => null,
            StepSize => (HandoverStep)_buffer[0],
            _ => throw new IOException("the other overlayd sends no step of a hand-over"),
        };
    }

    /// <inheritdoc cref="ReceiveStep(TimeSpan, out long)"/>
    public HandoverStep? ReceiveStep(TimeSpan patience) => ReceiveStep(patience, out _);

    /// <summary>Sends a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="time">The time that belongs to it, which is the same in all processes of a host.</param>
    /// <exception cref="IOException">The other end is gone.</exception>
    public void Send(HandoverStep step, long time = 0)
    {
        Span<byte> message = stackalloc byte[StepSize];
        message[0] = (byte)step;
        BinaryPrimitives.WriteInt64LittleEndian(message[1..], time);
        DescriptorMessages.Send(socket, message, []);
    }

    /// <summary>Sends a message; false when the other end has closed.</summary>
    /// <exception cref="IOException">The kernel refused it.</exception>
    public bool TrySend<T>(T message, JsonTypeInfo<T> type) => Try(() => Send(message, type));

    /// <summary>Sends a step; false when the other end has closed.</summary>
    /// <exception cref="IOException">The kernel refused it.</exception>
    public bool TrySend(HandoverStep step) => Try(() => Send(step));

    public void Dispose() => socket.Dispose();

    private T? Parse<T>(JsonTypeInfo<T> type, int length) where T : class
    {
        if (length == 0) return null;
        try
        {
            return JsonSerializer.Deserialize(_buffer.AsSpan(0, length), type)
                ?? throw new IOException("the other overlayd sends an empty message");
        }
        catch (JsonException exception)
        {
            throw new IOException(
                "the other overlayd sends no message of a hand-over: "
                + ShownText.Of(exception.Message, ShownText.SentenceLength), exception);
        }
    }

    private static bool Try(Action send)
    {
        try
        {
            send();
            return true;
        }
        catch (LinuxException exception) when (exception.Errno is Errno.EPIPE or Errno.ECONNRESET)
        {
            return false;
        }
    }

    // A process that may connect is trusted with the node, and its descriptors do not stay open here all the same.
    private int ReceiveAlone(TimeSpan patience)
    {
        List<int> unwanted = [];
        try
        {
            return Receive(patience, unwanted);
        }
        finally
        {
            DescriptorMessages.Close(unwanted);
        }
    }

    // 0 when the other end has closed.
    private int Receive(TimeSpan patience, ICollection<int> descriptors)
    {
        socket.ReceiveTimeout = (int)patience.TotalMilliseconds;
        try
        {
            return DescriptorMessages.Receive(socket, _buffer, descriptors);
        }
        catch (LinuxException exception) when (exception.Errno == Errno.ECONNRESET)
        {
            return 0;
        }
        catch (LinuxException exception) when (exception.Errno == Errno.EAGAIN)
        {
            throw new IOException($"the other overlayd has not answered for {patience.TotalSeconds:0} s", exception);
        }
    }
}
