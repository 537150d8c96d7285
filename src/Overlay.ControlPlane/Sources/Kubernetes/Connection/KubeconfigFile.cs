using Overlay.Host.Files;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>A kubeconfig, YAML or JSON, as it stands on the disk. Immutable.</summary>
internal sealed class KubeconfigFile
{
    private const int MostBytes = 1024 * 1024;
    private const int MostDepth = 64;

    private readonly KubeconfigEntry _root;

    /// <exception cref="InvalidDataException">It cannot be read; the message names it.</exception>
    public KubeconfigFile(string path)
    {
        string full = Path.GetFullPath(path);
        _root = new(full, Load(new(full, [])));
    }

    /// <summary>The name of the context to use; null where this file names none.</summary>
    public string? CurrentContext => _root.Text("current-context");

    /// <summary>An entry of one of the lists; null where this file has none of that name.</summary>
    /// <param name="list">contexts, clusters or users.</param>
    /// <param name="name">The entry's name.</param>
    /// <param name="member">context, cluster or user.</param>
    public KubeconfigEntry? Find(string list, string name, string member) =>
        _root.List(list).FirstOrDefault(entry => entry.Text("name") == name)?.Map(member);

    private static YamlMappingNode Load(KubeconfigEntry file)
    {
        try
        {
            string text = BoundedFile.ReadText(file.File, MostBytes, "a kubeconfig");
            if (DepthOf(text) > MostDepth) throw file.Wrong($"has more than {MostDepth} levels");
            YamlStream stream = [];
            stream.Load(new StringReader(text));
            return stream.Documents is [var document, ..] && document.RootNode is YamlMappingNode root
                ? root
                : throw file.Wrong("holds no settings such as \"apiVersion: v1\"");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw file.Wrong($"cannot be read: {exception.Message}");
        }
        catch (YamlException exception)
        {
            // The message may have a word of the file, which may be a token's.
            throw file.Wrong(
                $"is neither YAML nor JSON: see line {exception.Start.Line}, column {exception.Start.Column}");
        }
    }

    // The tree is made by recursion, and no thread's stack has room for a file of brackets.
    private static int DepthOf(string text)
    {
        int depth = 0, most = 0;
        for (Parser events = new(new StringReader(text)); events.MoveNext();)
        {
            if (events.Current is MappingStart or SequenceStart) most = Math.Max(most, ++depth);
            else if (events.Current is MappingEnd or SequenceEnd) depth--;
        }

        return most;
    }
}
