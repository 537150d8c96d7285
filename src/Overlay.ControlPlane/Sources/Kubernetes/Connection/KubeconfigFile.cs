using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>A kubeconfig, YAML or JSON, as it stands on the disk. Immutable.</summary>
internal sealed class KubeconfigFile
{
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
            using StreamReader reader = new(file.File);
            YamlStream stream = [];
            stream.Load(reader);
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
            throw file.Wrong($"is neither YAML nor JSON: {exception.Message}");
        }
    }
}
