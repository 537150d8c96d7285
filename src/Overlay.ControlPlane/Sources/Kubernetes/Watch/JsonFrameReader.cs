using System.Buffers;
using System.Text.Json;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Sources.Kubernetes.Watch;

/// <summary>Cuts a stream of JSON into the objects of interest, so that no more than one is ever held.</summary>
/// <remarks>
/// A watch is one object after another. A list is one object, of which the objects in its members and in their arrays
/// are cut out: <c>{"metadata":{…},"items":[{…},{…}]}</c>. Every byte is looked at once, however it arrives.
/// </remarks>
/// <param name="stream">Read from, and disposed of.</param>
/// <param name="isList">Whether the stream is one object with members.</param>
internal sealed class JsonFrameReader(ApiStream stream, bool isList) : IDisposable
{
    private const int FirstSize = 64 * 1024;

    private const int LongestFrame = ApiServerClient.LongestObject;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstSize);
    private JsonReaderState _state = new(new JsonReaderOptions { AllowMultipleValues = !isList, MaxDepth = 256 });
    private int _scanned;
    private int _end;
    private int _frameStart;
    private int _frameDepth = -1;
    private string _member = "";

    /// <summary>The list has come to its end. A watch never has.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The next object that is there in full.</summary>
    /// <exception cref="InvalidDataException">The stream is no JSON.</exception>
    public bool TryRead(out JsonFrame frame)
    {
        try
        {
            return TryScan(out frame);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException(
                $"sends what is no JSON: {ShownText.Of(exception.Message, ShownText.SentenceLength)}", exception);
        }
    }

    /// <summary>Waits for more of the stream; false at its end.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="InvalidDataException">One object is larger than any the API takes.</exception>
    public async ValueTask<bool> FillAsync()
    {
        int keepFrom = _frameDepth >= 0 ? _frameStart : _scanned;
        if (_end - keepFrom > _buffer.Length / 2) Grow(keepFrom);
        else _buffer.AsSpan(keepFrom, _end - keepFrom).CopyTo(_buffer);
        _scanned -= keepFrom;
        _end -= keepFrom;
        _frameStart -= keepFrom;
        int length = await stream.ReadAsync(_buffer.AsMemory(_end));
        _end += length;
        return length > 0;
    }

    /// <summary>The objects of a list, each valid until the next is asked for.</summary>
    /// <exception cref="IOException">The connection broke, or the list ends in its middle.</exception>
    /// <exception cref="InvalidDataException">The stream is no list in JSON.</exception>
    public async IAsyncEnumerable<JsonFrame> ReadListAsync()
    {
        bool more;
        do
        {
            more = await FillAsync();
            while (TryRead(out JsonFrame frame)) yield return frame;
        }
        while (more && !IsComplete);
        if (!IsComplete) throw new IOException("sends a list that breaks off");
    }

    public void Dispose()
    {
        stream.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private bool TryScan(out JsonFrame frame)
    {
        frame = default;
        Utf8JsonReader reader = new(_buffer.AsSpan(_scanned, _end - _scanned), isFinalBlock: false, _state);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.StartObject && _frameDepth < 0 && IsWanted(reader.CurrentDepth))
            {
                _frameDepth = reader.CurrentDepth;
                _frameStart = _scanned + (int)reader.TokenStartIndex;
            }
            else if (reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == _frameDepth)
            {
                int length = _scanned + (int)reader.BytesConsumed - _frameStart;
                Require(length);
                frame = new(_member, _buffer.AsMemory(_frameStart, length));
                _frameDepth = -1;
                Keep(ref reader);
                return true;
            }
            else if (reader.TokenType == JsonTokenType.PropertyName && _frameDepth < 0) _member = reader.GetString()!;
            else if (reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == 0) IsComplete = true;
        }

        Keep(ref reader);
        return false;
    }

    private bool IsWanted(int depth) => isList ? depth is 1 or 2 : depth == 0;

    private void Keep(ref Utf8JsonReader reader)
    {
        _scanned += (int)reader.BytesConsumed;
        _state = reader.CurrentState;
    }

    private static void Require(int length)
    {
        if (length > LongestFrame) throw new InvalidDataException($"sends an object of more than {LongestFrame} bytes");
    }

    private void Grow(int keepFrom)
    {
        int length = _end - keepFrom;
        Require(length);
        byte[] larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(keepFrom, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}

/// <summary>An object cut out of a stream, valid until more of the stream is read.</summary>
/// <param name="Member">
/// The member of the outer object it is in, or in whose array; empty for an object of its own.
/// </param>
/// <param name="Json">The object's text.</param>
internal readonly record struct JsonFrame(string Member, ReadOnlyMemory<byte> Json);
