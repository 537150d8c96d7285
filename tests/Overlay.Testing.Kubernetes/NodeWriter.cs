using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Overlay.Testing.Kubernetes;

/// <summary>Puts Nodes on the wire, with the padding that makes them as large as real ones.</summary>
internal sealed class NodeWriter(int paddingLength)
{
    // What kubelet says of an image, again and again.
    private readonly byte[] _padding = Pad(paddingLength);

    public void WriteItem(PipeWriter writer, StoredNode node)
    {
        // An item of a list has neither kind nor apiVersion.
        ReadOnlySpan<byte> leading = """{"kind":"Node","apiVersion":"v1","""u8;
        writer.Write("{"u8);
        Write(writer, node.Head.AsSpan(leading.Length), node.Tail);
    }

    public void WriteEvent(PipeWriter writer, string type, StoredNode node)
    {
        writer.Write(Encoding.UTF8.GetBytes($$"""{"type":"{{type}}","object":"""));
        WriteNode(writer, node);
        writer.Write("}\n"u8);
    }

    public void WriteNode(PipeWriter writer, StoredNode node) => Write(writer, node.Head, node.Tail);

    private void Write(PipeWriter writer, ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail)
    {
        writer.Write(head);
        if (tail.Length > 0) writer.Write(_padding);
        writer.Write(tail);
    }

    private static byte[] Pad(int length)
    {
        StringBuilder images = new();
        for (int i = 0; images.Length < length; i++)
        {
            if (i > 0) _ = images.Append(',');
            _ = images.Append($$"""{"names":["registry.example.com/team/image-{{i}}@sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"],"sizeBytes":12345678}""");
        }

        return Encoding.UTF8.GetBytes(images.ToString());
    }
}
